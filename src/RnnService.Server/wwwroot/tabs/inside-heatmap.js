// Units by tokens, a cell of colour each. The canvas has one pixel a cell and is drawn larger, so that a long text costs no memory.

import { announce, h, replace } from '../lib/dom.js';
import { canvasScales } from '../lib/colour.js';
import { codePoints, spokenForm, visibleForm } from '../lib/text.js';
import { said, valueScale } from './inside-values.js';

const rowHeight = 13; // pixels, as in inside.css

/**
 * @param {(unit: number) => void} onUnit called when a unit is picked
 */
export function heatMap(onUnit) {
    let shown = null; // { tokens, values, firstUnit, scale } that are drawn
    let active = 0, token = 0; // row and column that the keyboard or the pointer is at
    let picked = null;

    const canvas = h('canvas', { role: 'img', class: 'heat-cells' });
    const header = h('div', { class: 'heat-tokens', 'aria-hidden': 'true' });
    const units = h('ul', { class: 'heat-units', role: 'listbox', tabindex: 0, 'aria-label': 'Units', onkeydown: pressed, onfocus: () => activate(active), onclick: event => choose(rowAt(event)) });
    const cross = h('div', { class: 'heat-cross', hidden: true });
    const readout = h('p', { class: 'heat-readout number', dir: 'auto' });
    const cells = h('div', { class: 'heat-place', onpointermove: pointed, onpointerleave: () => cross.hidden = true, onclick: event => choose(rowAt(event)) }, canvas, cross);
    const grid = h('div', { class: 'heat', dir: 'ltr' }, h('div', { class: 'heat-corner' }, 'unit'), header, units, cells);
    const legend = h('p', { class: 'legend' });

    function draw(next) {
        shown = { ...next, scale: valueScale(next.kind, next.values) };
        const { tokens, values, firstUnit, kind } = shown;
        const count = values[0]?.length ?? 0;
        active = Math.min(active, Math.max(0, count - 1));
        token = Math.min(token, Math.max(0, tokens.length - 1));
        const wide = tokens.some(({ text }) => codePoints(text).length > 2);
        const room = Math.floor((grid.clientWidth - 60) / Math.max(1, tokens.length));
        grid.style.setProperty('--column', `${clamp(room, wide ? 22 : 16, 40)}px`);
        header.classList.toggle('wide', wide);
        replace(header, tokens.map(({ text, known }) => h('span', { class: known ? null : 'unknown', title: text }, visibleForm(text))));
        replace(units, Array.from({ length: count }, (_, row) => h('li', {
            role: 'option', id: `unit-${firstUnit + row}`, 'aria-selected': String(firstUnit + row === picked), 'aria-label': `unit ${firstUnit + row}`,
        }, firstUnit + row)));
        units.setAttribute('aria-activedescendant', `unit-${firstUnit + active}`);
        canvas.setAttribute('aria-label', `Heat map of ${kind}: units ${firstUnit} to ${firstUnit + count - 1} by ${tokens.length} tokens. The list of units beside it says the values.`);
        paint();
    }

    function paint() {
        if (shown === null)
            return;
        const { values, scale } = shown;
        const colour = canvasScales()[scale.name];
        const [width, height] = [values.length, values[0]?.length ?? 0];
        canvas.width = Math.max(1, width);
        canvas.height = Math.max(1, height);
        const context = canvas.getContext('2d');
        const image = context.createImageData(canvas.width, canvas.height);
        values.forEach((column, x) => column.forEach((value, y) => image.data.set([...colour(scale.share(value)), 255], 4 * (y * canvas.width + x))));
        context.putImageData(image, 0, 0);
        canvas.style.width = `calc(var(--column) * ${width})`;
        canvas.style.height = `${height * rowHeight}px`;
        replace(legend, said(scale.least), h('span', { class: `heat-scale ${scale.name}` }), said(scale.most));
    }

    addEventListener('themechange', paint);

    const columnWidth = () => canvas.clientWidth / canvas.width;
    const rowAt = event => Math.floor((event.clientY - canvas.getBoundingClientRect().top) / rowHeight);

    function pointed(event) {
        active = clamp(rowAt(event), 0, canvas.height - 1);
        token = clamp(Math.floor((event.clientX - canvas.getBoundingClientRect().left) / columnWidth()), 0, canvas.width - 1);
        tell();
    }

    /** Says the value of the cell that the pointer or the keyboard is at. */
    function tell() {
        const { tokens, values, firstUnit } = shown;
        const text = `unit ${firstUnit + active}, token ${token} “${visibleForm(tokens[token].text)}”: ${said(values[token][active])}`;
        readout.textContent = cells.title = text;
        cross.hidden = false;
        cross.style.transform = `translate(${token * columnWidth()}px, ${active * rowHeight}px)`;
        return text;
    }

    function pressed(event) {
        const rows = canvas.height;
        const row = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: rows - 1, PageDown: active + 8, PageUp: active - 8 }[event.key];
        const column = { ArrowRight: token + 1, ArrowLeft: token - 1 }[event.key];
        if (row !== undefined)
            activate(clamp(row, 0, rows - 1));
        else if (column !== undefined) {
            token = clamp(column, 0, canvas.width - 1);
            tell();
            announce(`${spokenForm(shown.tokens[token].text)}: ${said(shown.values[token][active])}`);
            header.children[token].scrollIntoView({ block: 'nearest', inline: 'center' });
        } else if (event.key === 'Enter' || event.key === ' ')
            choose(active);
        else
            return;
        event.preventDefault();
    }

    function activate(row) {
        active = row;
        units.setAttribute('aria-activedescendant', `unit-${shown.firstUnit + row}`);
        units.children[row]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        tell();
    }

    function choose(row) {
        if (shown && row >= 0 && row < canvas.height) {
            active = row;
            onUnit(shown.firstUnit + row);
        }
    }

    return {
        element: h('div', { class: 'stack' }, grid, h('div', { class: 'row heat-foot' }, legend, readout)),
        draw,
        /** Marks the unit whose panel is open. */
        mark(unit) {
            picked = unit;
            [...units.children].forEach((option, row) => option.setAttribute('aria-selected', String(shown.firstUnit + row === unit)));
        },
    };
}

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
