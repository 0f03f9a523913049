// Line charts as SVG: their colours come from app.css, so they follow the theme, and a text stands for them for those who do not see them.

import { replace, svg } from './dom.js';

const margin = { left: 58, right: 8, top: 8, bottom: 24 };
const lineNames = ['line-1', 'line-2', 'line-3'];

/**
 * Draws lines into a container and follows its width.
 * @param {HTMLElement} container
 * @param {object} chart
 * @param {string} chart.label what it shows; the text alternative begins with it
 * @param {number[]} chart.x ascending
 * @param {{ label: string, values: (number | null)[], colour?: string, dashed?: boolean, format?: (value: number) => string }[]} chart.series colour: a name in
 * app.css; null where there is no value
 * @param {number} [chart.height] pixels
 * @param {[number, number]} [chart.range] of the vertical axis; from 0 to a little more than the largest value when left out
 * @param {[number, number]} [chart.rangeX] of the horizontal one; that of x when left out
 * @param {(x: number) => string} [chart.formatX]
 * @param {(y: number) => string} [chart.formatY]
 * @returns {{ update: (next: { x: number[], series: object[] }) => void, destroy: () => void }}
 */
export function lineChart(container, chart) {
    const { height = 140, formatX = String, formatY = String } = chart;
    const place = svg('svg', { class: 'chart', role: 'img', height, onpointermove: point, onpointerleave: () => replace(reading) });
    const drawing = svg('g'), reading = svg('g', { class: 'chart-reading' });
    place.append(drawing, reading);
    container.append(place);
    let scaleX = () => 0, scaleY = () => 0;

    function draw() {
        const width = Math.max(120, place.clientWidth);
        const [left, right] = chart.rangeX ?? [chart.x[0] ?? 0, chart.x.at(-1) ?? 1];
        const [low, high] = chart.range ?? rangeOf(chart.series);
        const edge = { right: width - margin.right, bottom: height - margin.bottom };
        scaleX = x => margin.left + (x - left) / (right - left || 1) * (edge.right - margin.left);
        scaleY = y => edge.bottom - (y - low) / (high - low || 1) * (edge.bottom - margin.top);
        replace(reading);
        replace(drawing,
            ticks(low, high, height / 45).map(y => [
                svg('path', { class: 'chart-grid', d: `M${margin.left} ${scaleY(y)}H${edge.right}` }),
                svg('text', { x: margin.left - 6, y: scaleY(y) + 4, 'text-anchor': 'end' }, formatY(y)),
            ]),
            ticks(left, right, width / 75).map(x => svg('text', { x: Math.min(scaleX(x), edge.right - 8), y: height - 6, 'text-anchor': 'middle' }, formatX(x))),
            chart.series.map((series, i) => svg('path', { class: 'chart-line', d: path(chart.x, series.values, scaleX, scaleY), 'stroke-dasharray': series.dashed && '5 4', style: { stroke: colourOf(series, i) } })));
        place.setAttribute('aria-label', `${chart.label}. ${chart.series.map(summary).join('. ')}`);
    }

    /** Shows the values below the pointer. */
    function point(event) {
        if (chart.x.length === 0)
            return;
        const at = event.clientX - place.getBoundingClientRect().left;
        const index = chart.x.reduce((best, x, i) => Math.abs(scaleX(x) - at) < Math.abs(scaleX(chart.x[best]) - at) ? i : best, 0);
        const x = scaleX(chart.x[index]);
        const known = chart.series.map((series, i) => ({ series, i, value: series.values[index] })).filter(({ value }) => typeof value === 'number');
        const onLeft = x > place.clientWidth / 2;
        replace(reading, svg('path', { class: 'chart-grid', d: `M${x} ${margin.top}V${height - margin.bottom}` }),
            known.map(({ series, i, value }, row) => [
                svg('circle', { cx: x, cy: scaleY(value), r: 3, style: { fill: colourOf(series, i) } }),
                svg('text', { x: x + (onLeft ? -6 : 6), y: margin.top + 10 + row * 14, 'text-anchor': onLeft ? 'end' : 'start' }, `${(series.format ?? formatY)(value)} ${series.label}`),
            ]));
    }

    const resized = new ResizeObserver(draw);
    resized.observe(place);
    draw();
    return {
        update(next) {
            Object.assign(chart, next);
            draw();
        },
        destroy() {
            resized.disconnect();
            place.remove();
        },
    };
}

const colourOf = (series, i) => `var(--${series.colour ?? lineNames[i % lineNames.length]})`;

/** The values of a line that are there. */
export const knownOf = series => series.values.filter(value => typeof value === 'number');

/** The least and the most of values, of which there may be more than a function takes arguments. */
export const extent = values => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);

function rangeOf(series) {
    const [least, most] = extent([0, ...series.flatMap(knownOf)]);
    return [least, most * 1.1 || 1];
}

/** Round values in a range, about as many as asked for. */
function ticks(low, high, wanted) {
    const rough = (high - low) / Math.max(1, wanted);
    if (!(rough > 0))
        return [low];
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(factor => factor * power >= rough) * power;
    return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => (Math.ceil(low / step) + i) * step || 0);
}

/** A line that breaks off where there is no value. */
function path(x, values, scaleX, scaleY) {
    let drawn = '', begun = false;
    values.forEach((value, i) => {
        const known = typeof value === 'number' && Number.isFinite(value);
        if (known)
            drawn += `${begun ? 'L' : 'M'}${scaleX(x[i]).toFixed(1)} ${scaleY(value).toFixed(1)}`;
        begun = known;
    });
    return drawn;
}

function summary(series) {
    const { label, format = value => value.toPrecision(3) } = series;
    const known = knownOf(series), [least, most] = extent(known);
    return known.length === 0
        ? `${label}: no values yet`
        : `${label}: from ${format(known[0])} to ${format(known.at(-1))}, least ${format(least)}, most ${format(most)}`;
}
