// Units by tokens, a cell of colour each. The canvas has one pixel a cell and is drawn larger, so that a long text costs no memory.

import { announce, h, replace } from '../lib/dom.js';
import { canvasScales } from '../lib/colour.js';
import { codePoints, visibleForm } from '../lib/text.js';
import { said, valueScale } from './inside-values.js';

const rowHeight = 13; // pixels, as in inside.css

/**
 * @param {(unit: number) => void} onUnit called when a unit is picked
 */
export function heatMap(onUnit) {
    let tokens = [], values = [], firstUnit = 0, scale = null; // that are drawn
    let row = 0, column = 0; // of the cell that the keyboard or the pointer is at

    const canvas = h('canvas', { role: 'img', class: 'heat-cells' });
    const header = h('div', { class: 'heat-tokens', 'aria-hidden': 'true' });
    const units = h('ul', {
        class: 'heat-units', role: 'listbox', tabindex: 0, 'aria-label': 'Units', onkeydown: pressed, onfocus: () => goTo(row, column), onclick: choose,
    });
    const cross = h('div', { class: 'heat-cross', hidden: true });
    const cells = h('div', { class: 'heat-place', onpointermove: pointed, onpointerleave: leave, onclick: choose }, canvas, cross);
    const grid = h('div', { class: 'heat', dir: 'ltr' }, h('div', { class: 'heat-corner' }, 'unit'), header, units, cells);
    const legend = h('span', { class: 'legend' });
    const readout = h('span', { class: 'number' }, 'Click a row, or press Enter in the list of units, to see what the unit follows.');
    addEventListener('themechange', paint);

    function leave() {
        cross.hidden = true;
    }

    function draw(read, activations) {
        ({ values, first_unit: firstUnit } = activations);
        tokens = read;
        scale = valueScale(activations.of, values);
        const height = values[0]?.length ?? 0;
        [row, column] = [Math.min(row, height - 1), Math.min(column, tokens.length - 1)];
        const wide = tokens.some(({ text }) => codePoints(text).length > 2);
        const room = Math.floor((grid.clientWidth - 60) / tokens.length);
        grid.style.setProperty('--column', `${clamp(room, wide ? 22 : 16, 40)}px`);
        header.classList.toggle('wide', wide);
        replace(header, tokens.map(({ text, known }) => h('span', { class: !known && 'unknown', title: text }, visibleForm(text))));
        const option = (unit, index) => h('li', { role: 'option', id: optionId(index), 'aria-label': `unit ${unit}` }, unit);
        replace(units, Array.from({ length: height }, (_, index) => option(firstUnit + index, index)));
        units.setAttribute('aria-activedescendant', optionId(row));
        canvas.setAttribute('aria-label', `Heat map: ${height} units by ${tokens.length} tokens. The list of units beside it says the values.`);
        leave();
        paint();
    }

    const optionId = index => `heat-unit-${index}`;

    function paint() {
        if (values.length === 0)
            return;
        const colour = canvasScales()[scale.name];
        Object.assign(canvas, { width: values.length, height: values[0].length });
        const context = canvas.getContext('2d');
        const image = context.createImageData(canvas.width, canvas.height);
        values.forEach((units, x) => units.forEach((value, y) => image.data.set([...colour(scale.share(value)), 255], 4 * (y * canvas.width + x))));
        context.putImageData(image, 0, 0);
        canvas.style.width = `calc(var(--column) * ${canvas.width})`;
        canvas.style.height = `${rowHeight * canvas.height}px`;
        replace(legend, said(scale.least), h('span', { class: `heat-scale ${scale.name}` }), said(scale.most));
    }

    const rowAt = event => Math.floor((event.clientY - canvas.getBoundingClientRect().top) / rowHeight);
    const columnWidth = () => canvas.clientWidth / canvas.width;

    function pointed(event) {
        tell(rowAt(event), Math.floor((event.clientX - canvas.getBoundingClientRect().left) / columnWidth()));
    }

    /** Says the value of a cell. */
    function tell(nextRow, nextColumn) {
        [row, column] = [clamp(nextRow, 0, canvas.height - 1), clamp(nextColumn, 0, canvas.width - 1)];
        const value = `token ${column} “\u2068${visibleForm(tokens[column].text)}\u2069”: ${said(values[column][row])}`;
        readout.textContent = cells.title = `unit ${firstUnit + row}, ${value}`;
        cross.hidden = false;
        cross.style.transform = `translate(${column * columnWidth()}px, ${row * rowHeight}px)`;
        return value;
    }

    function goTo(nextRow, nextColumn) {
        if (values.length === 0)
            return;
        announce(tell(nextRow, nextColumn));
        units.setAttribute('aria-activedescendant', optionId(row));
        units.children[row].scrollIntoView({ block: 'nearest', inline: 'nearest' });
        header.children[column].scrollIntoView({ block: 'nearest', inline: 'center' });
    }

    function pressed(event) {
        const step = {
            ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
            PageDown: [8, 0], PageUp: [-8, 0], Home: [-row, 0], End: [canvas.height, 0],
        }[event.key];
        if (step)
            goTo(row + step[0], column + step[1]);
        else if (event.key === 'Enter' || event.key === ' ')
            onUnit(firstUnit + row);
        else
            return;
        event.preventDefault();
    }

    function choose(event) {
        const index = rowAt(event);
        if (index >= 0 && index < canvas.height)
            onUnit(firstUnit + (row = index));
    }

    return {
        element: h('div', { class: 'stack' }, grid, h('div', { class: 'row heat-foot' }, legend, readout)),
        draw,
        /** Marks the unit that is looked at; null for none. */
        mark(unit) {
            [...units.children].forEach((option, index) => option.setAttribute('aria-selected', String(firstUnit + index === unit)));
        },
    };
}

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
