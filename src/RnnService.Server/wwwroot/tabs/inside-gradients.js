// How far back an answer looks: gradients by token, and by how long ago a state was.

import { post } from '../lib/api.js';
import { lineChart } from '../lib/chart.js';
import { h, replace } from '../lib/dom.js';
import { plural, visibleForm } from '../lib/text.js';
import { tokenList } from '../lib/tokens.js';
import { newestCall } from './newest.js';
import { drawOver, tokenNodes, withBreaks } from './token-text.js';

/**
 * @param {object} options
 * @param {() => { text: string, model: string } | null} options.what the text that is looked at
 * @param {{ at: number | null }} options.state at: the token whose answer is looked at; null for the last
 * @param {() => void} options.onChange called when another token is picked
 */
export function gradientView({ what, state, onChange }) {
    const problems = h('div');
    const shown = h('div', { class: 'stack' });
    const element = h('details', { class: 'card', ontoggle: ask }, h('summary', null, 'How far back the answer looks'), h('div', { class: 'stack inside-gradients' }, problems, shown));
    const calls = newestCall(problems, element);
    let over = null, chart = null;

    function ask() {
        const asked = element.open ? what() : null;
        if (asked === null)
            return;
        const { text, model } = asked;
        const at = state.at === null ? {} : { at: state.at };
        calls.run(options => post('inspect', { model, inputs: text, parameters: { units: 1, gradients: true, ...at } }, options), answer => show(text, answer));
    }

    function pick(index) {
        state.at = index;
        onChange();
        ask();
    }

    function show(text, answer) {
        drop();
        const { tokens, task, gradients } = answer;
        const fixed = gradients.at === null; // a classifier's answer stands at no token
        const most = Math.max(...gradients.inputs) || 1;
        const { nodes, elements } = tokenNodes(text, tokens, (piece, index) => h('span', {
            class: index === gradients.at ? 'token at' : 'token', title: gradients.inputs[index].toPrecision(2), onclick: fixed ? null : () => pick(index),
        }, withBreaks(piece)));
        const line = h('p', { class: 'text over-text', dir: 'auto' }, nodes);
        tokenList(line, {
            label: 'Gradients by token',
            content: element => {
                const index = elements.indexOf(element);
                return [
                    h('p', null, h('b', { dir: 'auto' }, visibleForm(tokens[index].text)), `: gradient norm ${gradients.inputs[index].toPrecision(3)}`),
                    !fixed && index !== gradients.at && h('button', { type: 'button', onclick: () => pick(index) }, 'Look from here'),
                ];
            },
        });
        const place = h('div');
        replace(shown,
            h('p', { role: 'status', dir: 'auto' }, subject(task, tokens, gradients), ' ', reach(task, tokens, gradients)),
            h('div', { class: 'inside-scroll' }, line),
            h('p', { class: 'muted footnote' }, 'Bars: norm of the gradient of the answer with respect to each token’s embedding.', !fixed && ' Click a token to look from there.'),
            h('h3', null, 'By distance'),
            place,
            stateLegend(gradients.states));
        over = drawOver(line, elements, { shape: 'bars', values: gradients.inputs.map(norm => norm / most) });
        chart = stateChart(place, gradients);
    }

    function drop() {
        over?.dispose();
        chart?.destroy();
        over = chart = null;
    }

    return {
        element,
        ask,
        /** There is no text to look at. */
        clear() {
            calls.stop();
            drop();
            replace(shown);
        },
    };
}

function subject(task, tokens, { at, answer }) {
    const name = h('b', { dir: 'auto' }, visibleForm(answer));
    switch (task) {
        case 'classifier': return ['The answer is ', name, '.'];
        case 'tagger': return ['The answer at ', token(tokens, at), ' is ', name, '.'];
        default: return ['After ', token(tokens, at), ' the likeliest is ', name, '.'];
    }
}

/** Where half of the gradient comes from. */
function reach(task, tokens, { at, inputs }) {
    const indices = tokens.map((_, index) => index);
    const all = plural(tokens.length, 'token');
    if (task === 'classifier') {
        const strongest = half(inputs, indices.sort((a, b) => inputs[b] - inputs[a])).sort((a, b) => a - b);
        const names = strongest.length <= 6 ? [': ', strongest.map((index, place) => [place > 0 && ', ', token(tokens, index)])] : [];
        return [`Half of the gradient comes from ${strongest.length} of ${all}`, names, '.'];
    }
    const nearest = half(inputs, indices.sort((a, b) => Math.abs(at - a) - Math.abs(at - b)));
    const where = task === 'tagger' ? `the ${plural(nearest.length, 'token')} nearest to it` : nearest.length === 1 ? 'the last token' : `the last ${plural(nearest.length, 'token')}`;
    return `Half of the gradient comes from ${where}, of ${all}.`;
}

/** As many of the tokens, in the order given, as make up half of the sum. */
function half(values, order) {
    const goal = values.reduce((sum, value) => sum + value, 0) / 2;
    let sum = 0;
    return order.slice(0, order.findIndex(index => (sum += values[index]) >= goal) + 1);
}

const token = (tokens, index) => h('q', { dir: 'auto' }, visibleForm(tokens[index].text));
const seriesName = ({ layer, direction }) => `layer ${layer} ${direction}`;

/** Norms of the states' gradients by how many tokens before the answer they were, in the direction of reading; powers of ten. */
function stateChart(place, { at, states }) {
    const count = states[0].values.length;
    const distances = Array.from({ length: count }, (_, distance) => distance);
    const series = states.map((state, index) => {
        const backwards = state.direction === 'reverse';
        const from = at ?? (backwards ? 0 : count - 1);
        const norm = distance => state.values[backwards ? from + distance : from - distance];
        return { label: seriesName(state), values: distances.map(distance => norm(distance) > 0 ? Math.log10(norm(distance)) : null), colour: colours[index % colours.length], format: power };
    });
    const known = series.flatMap(({ values }) => values).filter(value => value !== null);
    const farthest = distances.findLast(distance => series.some(({ values }) => values[distance] !== null)) ?? 0;
    const x = distances.slice(0, farthest + 1);
    for (const line of series)
        line.values.length = x.length;
    const range = known.length > 0 ? [Math.floor(Math.min(...known)), Math.ceil(Math.max(...known) + 1e-9)] : [-1, 0];
    return lineChart(place, { label: 'Norm of the state gradients by distance in tokens', x, series, height: 200, range: [range[0], Math.max(range[1], range[0] + 1)], formatX: distance => Number.isInteger(distance) ? String(distance) : '', formatY: power });
}

const colours = ['line-1', 'line-2', 'line-3', 'muted'];

/** 10⁻³ of −3; of what is between whole powers the number itself. */
const power = exponent => Number.isInteger(exponent) ? `10${[...String(exponent)].map(digit => superscripts[digit]).join('')}` : (10 ** exponent).toPrecision(2);
const superscripts = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };

const stateLegend = states => h('p', { class: 'legend' }, states.map((state, index) => [
    h('span', { class: 'inside-key', style: { background: `var(--${colours[index % colours.length]})` } }), h('span', null, seriesName(state)),
]), h('span', null, 'Horizontal: tokens before the answer, in the direction of reading. Vertical: norm of the gradient with respect to the state, in powers of ten.'));
