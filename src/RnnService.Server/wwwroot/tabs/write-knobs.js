// What shapes the text that is written: the fields of `parameters`, each as the control that suits it.

import { h } from '../lib/dom.js';
import { control } from './control.js';

/** The values that the service itself takes when a field is left out, but for the length. */
export const knobDefaults = { max_new_tokens: 200, temperature: 1, top_k: 0, top_p: 1, repetition_penalty: 1, seed: '', stop: '' };

const knobs = [
    { name: 'max_new_tokens', label: 'Length', hint: 'most tokens to add', type: 'number', min: 1, max: 4000, step: 1 },
    { name: 'temperature', label: 'Temperature', hint: '0 always takes the likeliest token; more is wilder', type: 'range', min: 0, max: 2, step: 0.05 },
    { name: 'top_p', label: 'Top p', hint: 'draw from the likeliest that together have this probability; 1 is all', type: 'range', min: 0.05, max: 1, step: 0.05 },
    { name: 'top_k', label: 'Top k', hint: 'draw from so many of the likeliest; 0 is all', type: 'number', min: 0, max: 1000000, step: 1 },
    { name: 'repetition_penalty', label: 'Repetition penalty', hint: 'above 1, what occurred becomes less likely', type: 'range', min: 1, max: 2, step: 0.05 },
    { name: 'seed', label: 'Seed', hint: 'the same seed gives the same text; empty draws one', type: 'number', min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
    { name: 'stop', label: 'Stop after', hint: 'texts that end it, one a line; \\n is a line break', type: 'lines' },
];

/**
 * The controls, in a disclosure that tells what was changed while it is closed.
 * @param {object} values by name, changed in place
 * @param {() => void} onChange
 */
export function knobControls(values, onChange) {
    const changed = h('span', { class: 'muted' });
    const grid = h('div', { class: 'knobs' });
    const draw = () => grid.replaceChildren(...knobs.map(knob => control(knob, values, change)),
        h('button', { type: 'button', onclick: reset }, 'Defaults'));

    function change() {
        const others = knobs.filter(({ name }) => values[name] !== knobDefaults[name]);
        changed.textContent = others.map(({ name, label }) => `${label.toLowerCase()} ${String(values[name]).replaceAll('\n', ' | ')}`).join(', ');
        onChange();
    }

    function reset() {
        Object.assign(values, knobDefaults);
        draw();
        change();
        grid.querySelector('input').focus();
    }

    draw();
    change();
    return h('details', { class: 'knobs-panel' }, h('summary', null, 'Knobs ', changed), grid);
}

/** The `parameters` that these values make; what the service takes anyway is left out. */
export function parametersOf(values) {
    const parameters = { max_new_tokens: values.max_new_tokens === '' ? knobDefaults.max_new_tokens : values.max_new_tokens };
    for (const name of ['temperature', 'top_k', 'top_p', 'repetition_penalty', 'seed'])
        if (values[name] !== '' && values[name] !== knobDefaults[name])
            parameters[name] = values[name];
    const stop = values.stop.split('\n').filter(line => line !== '').map(line => line.replaceAll('\\n', '\n'));
    return stop.length > 0 ? { ...parameters, stop } : parameters;
}
