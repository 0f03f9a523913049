import { field, h } from '../lib/dom.js';

/**
 * A setting as the control that suits it.
 * @param {object} setting
 * @param {string} setting.name
 * @param {string} setting.label
 * @param {string} [setting.hint]
 * @param {'number' | 'range' | 'lines'} setting.type lines: a text of several
 * @param {object} values by name, changed in place; an empty text where nothing stands in the field
 * @param {() => void} change called after each change
 */
export function control({ name, label, hint, type, ...bounds }, values, change) {
    const shown = h('output', { class: 'number' });
    const show = () => {
        if (type === 'range')
            shown.textContent = values[name].toFixed(2);
    };
    const oninput = ({ target }) => {
        values[name] = type === 'lines' || target.value === '' ? target.value : Number(target.value);
        show();
        change();
    };
    const input = type === 'lines'
        ? h('textarea', { rows: 2, dir: 'auto', spellcheck: 'false', value: values[name], oninput })
        : h('input', { type, ...bounds, value: values[name], oninput });
    show();
    return field([label, type === 'range' && shown], input, hint);
}
