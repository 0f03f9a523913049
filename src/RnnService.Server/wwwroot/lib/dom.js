// Elements without a framework, and the two or three things every tab does with them.

const svgNamespace = 'http://www.w3.org/2000/svg';

/**
 * Makes an HTML element: h('button', { class: 'quiet', onclick: go, 'aria-label': 'Go' }, 'Go').
 * A property that is a function is listened to as an event, `dataset` and `style` are objects, true is an attribute without a value,
 * false, null and undefined leave it out. `value`, `checked`, `disabled`, `selected` and `indeterminate` are set as properties.
 * @param {string} tag
 * @param {object | null} [props]
 * @param {...(Node | string | number | Array | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
    return fill(document.createElement(tag), props, children);
}

/** The same for SVG elements. */
export function svg(tag, props, ...children) {
    return fill(document.createElementNS(svgNamespace, tag), props, children);
}

const liveProperties = new Set(['value', 'checked', 'disabled', 'selected', 'indeterminate']);

function fill(element, props, children) {
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === null || value === undefined || value === false && !name.startsWith('aria-'))
            continue;
        if (typeof value === 'function')
            element.addEventListener(name.slice(2), value);
        else if (name === 'dataset')
            Object.assign(element.dataset, value);
        else if (name === 'style')
            for (const [property, setting] of Object.entries(value))
                element.style.setProperty(property, setting);
        else if (liveProperties.has(name))
            element[name] = value;
        else
            element.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : value);
    }

    append(element, children);
    return element;
}

/** Appends strings, nodes and arrays of them; null, undefined and false are passed over. */
export function append(element, children) {
    for (const child of [children].flat(Infinity))
        if (child !== null && child !== undefined && child !== false)
            element.append(child);
    return element;
}

/** Takes all children out. */
export function clear(node) {
    node.replaceChildren();
    return node;
}

/** Puts these children in the place of those that are there. */
export function replace(node, ...children) {
    return append(clear(node), children);
}

let liveRegion;

/** Tells screen readers without moving the focus. */
export function announce(text) {
    liveRegion ??= document.body.appendChild(h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' }));
    liveRegion.textContent = '';
    requestAnimationFrame(() => liveRegion.textContent = text);
}

/** Calls fn once the calls have paused for that many milliseconds. */
export function debounce(fn, milliseconds) {
    let timer;
    return (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => fn(...args), milliseconds);
    };
}

let ids = 0;

/** An id that no other element has. */
export const uniqueId = prefix => `${prefix}-${++ids}`;

/** A labelled control: field('Text', h('textarea'), 'What it is for'). */
export function field(label, control, hint) {
    control.id ||= uniqueId('field');
    const note = hint && h('small', { id: control.id + '-hint' }, hint);
    if (note)
        control.setAttribute('aria-describedby', note.id);
    return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, note);
}

/** A choice of pairs of a value and its text, or of values that are texts: select([['', 'any'], 'C', 'G'], 'C', key => …). */
export const select = (options, chosen, onPick, props) => h('select', { ...props, onchange: ({ target }) => onPick(target.value) },
    options.map(option => [option].flat()).map(([value, text = value]) => h('option', { value, selected: value === chosen }, text)));

/** What is too wide for its place, such as a table, to be scrolled by keyboard too. */
export const scroller = (label, ...children) => h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': label }, children);

/** A button that copies what text() gives and says so. */
export function copyButton(text, label = 'Copy') {
    const button = h('button', { type: 'button', class: 'quiet' }, label);
    button.addEventListener('click', async () => {
        try {
            await copy(await text());
            button.textContent = 'Copied';
        } catch {
            button.textContent = 'Could not copy';
        }
        announce(button.textContent);
        setTimeout(() => button.textContent = label, 1500);
    });
    return button;
}

async function copy(text) {
    if (navigator.clipboard)
        return navigator.clipboard.writeText(text);

    // Browsers have the clipboard object over HTTPS and on localhost alone.
    const area = document.body.appendChild(h('textarea', { class: 'visually-hidden', value: text }));
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    if (!copied)
        throw new Error('the browser does not copy');
}

/** Hands a text, or a blob, to the browser as a file to keep. */
export function download(name, content, type = 'text/plain') {
    const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: `${type};charset=utf-8` }));
    h('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A value that outlives a reload of the page: kept('write', { prompt: '' }) → { value, save() }; save tells whether it could. */
export function kept(name, initial) {
    const key = `rnn-playground:${name}`;
    const state = { value: structuredClone(initial), save };
    try {
        const stored = sessionStorage.getItem(key);
        if (stored !== null)
            state.value = Object.assign(state.value, JSON.parse(stored));
    } catch {
        // No storage, or one that another version wrote: begin with the initial value.
    }

    function save() {
        try {
            sessionStorage.setItem(key, JSON.stringify(state.value));
            return true;
        } catch {
            // Full or switched off: the page works on without it.
            return false;
        }
    }

    return state;
}
