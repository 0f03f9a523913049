// Three scales. The colours themselves are in app.css, mixed there from the theme's own so that text on them stays readable in both themes; an
// element only says how much. Never let colour be all that tells a value: give it in text, a title or a label too.

import { h } from './dom.js';

const clamp = (x, low, high) => Math.min(high, Math.max(low, Number.isFinite(x) ? x : low));

/** Paints an element by a value from 0 (nothing) to 1 (most). */
export function paintSequential(element, value) {
    element.classList.add('sequential');
    element.style.setProperty('--share', `${(clamp(value, 0, 1) * 100).toFixed(1)}%`);
    return element;
}

/** Paints an element by a value from -1 (most against) over 0 (nothing) to 1 (most for). */
export function paintDiverging(element, value) {
    element.classList.add('diverging');
    element.classList.toggle('against', value < 0);
    element.style.setProperty('--share', `${(Math.abs(clamp(value, -1, 1)) * 100).toFixed(1)}%`);
    return element;
}

/** Paints an element as the index-th of several kinds. Neighbouring indices are far apart in hue. */
export function paintCategory(element, index) {
    element.classList.add('category');
    element.style.setProperty('--hue', String(Math.round(250 + index * 137.508) % 360));
    return element;
}

let probe;

/** A colour of the theme by its name in app.css, such as 'accent', as rgb(…). */
function themeColour(name) {
    probe ??= document.body.appendChild(h('span', { hidden: true }));
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
}

/**
 * Functions from a value to a colour [r, g, b] in the present theme, for canvases. The window sends `themechange` when they have to be made anew.
 * @returns {{ sequential: (value: number) => number[], diverging: (value: number) => number[] }}
 */
export function canvasScales() {
    const [none, most, pro, contra] = ['surface', 'scale-most', 'scale-for', 'scale-against'].map(name => themeColour(name).match(/[\d.]+/g).map(Number));
    const mix = (from, to, share) => from.map((channel, i) => Math.round(channel + (to[i] - channel) * share));
    return {
        sequential: value => mix(none, most, clamp(value, 0, 1)),
        diverging: value => mix(none, value < 0 ? contra : pro, Math.abs(clamp(value, -1, 1))),
    };
}
