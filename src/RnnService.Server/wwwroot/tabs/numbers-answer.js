// What a model that reads numbers answers, as its task is: a text, labels, a label a step, values or the steps that follow.

import { extent, knownOf, lineChart } from '../lib/chart.js';
import { copyButton, h, replace, scroller } from '../lib/dom.js';
import { formatCsv } from '../lib/csv.js';
import { paintCategory } from '../lib/colour.js';
import { percent } from '../lib/text.js';
import { labelBars } from './score-bars.js';

const labelsShown = 10, linesShown = 3, stepsListed = 400;

/** The routes of the tasks. */
export const routes = { transcriber: 'transcribe', classifier: 'classify', tagger: 'tag', regressor: 'predict', forecaster: 'predict' };

/** A number as short as it may be. */
const short = value => String(Number(value.toPrecision(4))).replace('-', '−');

/** Lines by step, of which the last that were drawn are shown; what is not there yet is drawn with dashes. */
function stepLines() {
    const element = h('div');
    let chart = null;

    function clear() {
        chart?.destroy();
        chart = null;
        replace(element);
    }

    function draw(label, series) {
        clear();
        const [least, most] = extent(series.flatMap(knownOf)), margin = (most - least || 1) * 0.05;
        chart = lineChart(element, {
            label, series: series.map(line => ({ ...line, format: short })), x: series[0].values.map((_, step) => step + 1), height: 190, range: [least - margin, most + margin], formatX: step => Number.isInteger(step) ? step : '', formatY: short,
        });
        element.append(h('p', { class: 'legend' }, series.filter(({ dashed }) => !dashed).map(({ label: name, colour }) => [h('span', { class: 'line-key', style: { background: `var(--${colour})` } }), name])));
    }

    return { element, draw, clear };
}

export function answerView() {
    let card = null, rows = [], tags = [], steps = []; // what was read; labels, and values, of steps so far
    const input = stepLines(), output = stepLines(), shown = h('div', { class: 'stack' });
    const heard = h('p', { class: 'text heard', dir: 'auto', role: 'status' });
    const element = h('div', { class: 'stack' }, heard, input.element, output.element, shown);

    const nameOf = feature => card.numbers.names[feature] ?? `number ${feature + 1}`;
    const features = list => list[0].slice(0, linesShown).map((_, feature) => feature);
    const colour = feature => `line-${feature + 1}`;

    /** Draws the numbers that were read, and what is forecast after them. */
    function draw(values, forecast = []) {
        rows = values;
        input.clear();
        if (rows.length + forecast.length < 2)
            return;
        const nothing = list => list.map(() => null);
        input.draw(forecast.length > 0 ? 'The numbers by step, and their forecast' : 'The numbers by step', features(rows).flatMap(feature => [
            { label: nameOf(feature), colour: colour(feature), values: [...rows.map(row => row[feature]), ...nothing(forecast)] },
            forecast.length > 0 && { label: `${nameOf(feature)}, forecast`, colour: colour(feature), dashed: true, values: [...nothing(rows).slice(1), rows.at(-1)[feature], ...forecast.map(row => row[feature])] },
        ].filter(Boolean)));
    }

    /** Labels of steps as a band below the lines, step below step; without lines, of sound, the last of them as a list. */
    function band() {
        const paint = (item, label) => paintCategory(item, card.labels.indexOf(label));
        const items = (rows.length > 0 ? tags : tags.slice(-stepsListed)).map(({ label, score, start, end }) => paint(
            h('li', { style: { 'flex-grow': end - start }, title: `${label}, ${end - start > 1 ? `steps ${start + 1} to ${end}` : `step ${end}`}: ${percent(score)}` }, label), label));
        const key = card.labels.filter(label => tags.some(tag => tag.label === label)).map(label => paint(h('span', { class: 'swatch' }, label), label));
        return [h('ol', { class: rows.length > 0 ? 'steps band' : 'steps', 'aria-label': 'Labels of the steps' }, items), h('p', { class: 'legend' }, key)];
    }

    function values(list, names, first = 1) {
        if (list.length === 1)
            return h('dl', { class: 'values' }, list[0].map((value, at) => h('div', null, h('dt', null, names[at]), h('dd', { class: 'number' }, short(value)))));
        const copy = copyButton(() => formatCsv([['step', ...names], ...list.map((row, step) => [step + first, ...row])]), 'Copy as CSV');
        return h('details', null, h('summary', null, 'As numbers'), copy, scroller('Values', h('table', null,
            h('thead', null, h('tr', null, ['step', ...names].map(name => h('th', { scope: 'col', class: 'number' }, name)))),
            h('tbody', null, list.slice(0, stepsListed).map((row, step) => h('tr', null, h('th', { scope: 'row', class: 'number' }, step + first), row.map(value => h('td', { class: 'number' }, short(value)))))))));
    }

    /** Shows an answer, of a whole sequence or of a stream so far. */
    function show(answer) {
        const { text, labels, tags: more, values: found, forecast } = Array.isArray(answer) ? listed(answer.flat()) : answer;
        if (text !== undefined)
            say(text || 'Nothing was heard.');
        else if (more) {
            tags.push(...more);
            replace(shown, band());
        } else if (labels) {
            say(labels[0].label);
            replace(shown, labelBars('Labels', labels.slice(0, labelsShown)).element);
        } else if (found) {
            steps = card.numbers.each_step ? [...steps, ...found] : found; // a stream tells of the new steps
            if (steps.length > 1)
                output.draw('The answer by step', features(steps).map(feature => ({ label: card.labels[feature] ?? `value ${feature + 1}`, colour: colour(feature), values: steps.map(row => row[feature]) })));
            replace(shown, values(steps, card.labels));
        } else if (forecast) {
            if (rows.length > 0)
                draw(rows, forecast);
            replace(shown, values(forecast, forecast[0].map((_, feature) => nameOf(feature)), rows.length + 1));
        }
    }

    const listed = list => list[0] && 'start' in list[0] ? { tags: list } : { labels: list };

    function say(text) {
        if (heard.textContent !== text)
            heard.textContent = text;
    }

    /** Begins anew, for a model. */
    function clear(model, text = '') {
        [card, rows, tags, steps] = [model, [], [], []];
        say(text);
        input.clear();
        output.clear();
        replace(shown);
    }

    return { element, show, draw, clear };
}
