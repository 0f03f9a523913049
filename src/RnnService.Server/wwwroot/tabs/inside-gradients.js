// How far back an answer looks: gradients by token, and by how long ago a state was.

import { post } from '../lib/api.js';
import { lineChart } from '../lib/chart.js';
import { h, replace } from '../lib/dom.js';
import { plural, visibleForm } from '../lib/text.js';
import { tokenList } from '../lib/tokens.js';
import { newestCall } from './newest.js';
import { drawOver, tokenNodes, withBreaks } from './token-text.js';

/**
 * @param {() => { text: string, model: string } | null} what the text that is looked at
 * @param {{ at: number | null }} state the token whose answer is looked at; null for the last
 * @param {() => void} save keeps the state
 */
export function gradientView(what, state, save) {
    const problems = h('div');
    const shown = h('div', { class: 'stack' });
    const element = h('details', { class: 'card', ontoggle: ask }, h('summary', null, 'How far back the answer looks'), problems, shown);
    const calls = newestCall(problems, shown);
    let drawn = []; // what is to be disposed of

    function ask() {
        const read = element.open ? what() : null;
        if (read === null) {
            calls.stop();
            return clear();
        }
        const parameters = { units: 1, gradients: true, ...state.at !== null && { at: state.at } };
        calls.run(call => post('inspect', { model: read.model, inputs: read.text, parameters }, call), answer => show(read.text, answer));
    }

    function pick(index) {
        state.at = index;
        save();
        ask();
    }

    function clear() {
        drawn.forEach(dispose => dispose());
        drawn = [];
        replace(shown);
    }

    function show(text, { tokens, task, gradients }) {
        clear();
        const { at, inputs, states } = gradients;
        const fixed = at === null; // a classifier's answer stands at no token
        const { nodes, elements } = tokenNodes(text, tokens, (piece, index) =>
            h('span', { class: index === at ? 'token at' : 'token', onclick: () => fixed || pick(index) }, withBreaks(piece)));
        const line = h('p', { class: 'text over-text', dir: 'auto' }, nodes);
        tokenList(line, {
            label: 'Gradients by token',
            content(element) {
                const index = elements.indexOf(element);
                return [
                    h('p', null, h('b', { dir: 'auto' }, visibleForm(tokens[index].text)), `: gradient norm ${inputs[index].toPrecision(3)}`),
                    !fixed && index !== at && h('button', { type: 'button', onclick: () => pick(index) }, 'Look from here'),
                ];
            },
        });
        const scroller = h('div', { class: 'inside-scroll' }, line);
        const place = h('div');
        replace(shown,
            h('p', { role: 'status' }, subject(task, tokens, gradients), ' ', reach(task, tokens, gradients)),
            scroller,
            h('p', { class: 'muted footnote' }, 'Bars: norm of the gradient of the answer with respect to each token’s embedding.',
                !fixed && ' Click a token to look from there.'),
            h('h3', null, 'By distance'), place, stateLegend(states));
        const most = Math.max(...inputs) || 1;
        scroller.scrollTop = (elements[at]?.offsetTop ?? 0) - scroller.clientHeight / 2;
        drawn = [drawOver(line, elements, { shape: 'bars', values: inputs.map(norm => norm / most) }).dispose, stateChart(place, gradients).destroy];
    }

    return { element, ask };
}

const word = (tokens, index) => h('q', { dir: 'auto' }, visibleForm(tokens[index].text));

function subject(task, tokens, { at, answer }) {
    const name = h('b', { dir: 'auto' }, visibleForm(answer));
    switch (task) {
        case 'classifier': return ['The answer is ', name, '.'];
        case 'tagger': return ['The answer at ', word(tokens, at), ' is ', name, '.'];
        default: return ['After ', word(tokens, at), ' the likeliest is ', name, '.'];
    }
}

/** Where half of the gradient comes from: a classifier's strongest tokens, otherwise those nearest to the answer. */
function reach(task, tokens, { at, inputs }) {
    const classifier = task === 'classifier';
    const order = [...inputs.keys()].sort(classifier ? (a, b) => inputs[b] - inputs[a] : (a, b) => Math.abs(at - a) - Math.abs(at - b));
    const goal = inputs.reduce((sum, norm) => sum + norm, 0) / 2;
    let sum = 0;
    const half = order.slice(0, order.findIndex(index => (sum += inputs[index]) >= goal) + 1).sort((a, b) => a - b);
    const number = plural(half.length, 'token');
    const where = classifier ? number : task === 'tagger' ? `the ${number} nearest to it` : `the last ${number}`;
    const names = classifier && half.length <= 6 ? [': ', half.map((index, place) => [place > 0 && ', ', word(tokens, index)])] : null;
    return [`Half of the gradient comes from ${where}, of ${tokens.length}`, names, '.'];
}

const colours = ['line-1', 'line-2', 'line-3', 'muted'];
const seriesOf = states => states.map(({ layer, direction }, index) =>
    ({ label: `layer ${layer} ${direction}`, colour: colours[index % colours.length] }));

/** Norms of the states' gradients by how many tokens before the answer they were, in the direction of reading; powers of ten. */
function stateChart(place, { at, states }) {
    const last = states[0].values.length - 1;
    const tracks = states.map(({ direction, values }) =>
        direction === 'reverse' ? values.slice(at ?? 0) : values.slice(0, (at ?? last) + 1).reverse());
    const logs = tracks.map(track => track.map(norm => norm > 0 ? Math.log10(norm) : null));
    const known = logs.flat().filter(value => value !== null);
    const [least, most] = known.length > 0 ? [Math.floor(Math.min(...known)), Math.floor(Math.max(...known)) + 1] : [-1, 0];
    const x = [...Array(Math.max(...logs.map(track => track.length))).keys()];
    return lineChart(place, {
        label: 'Norm of the state gradients by distance in tokens',
        x,
        series: seriesOf(states).map((line, index) => ({ ...line, format: power, values: x.map(distance => logs[index][distance] ?? null) })),
        height: 200,
        range: [least, most],
        formatX: distance => Number.isInteger(distance) ? distance : '',
        formatY: power,
    });
}

/** 10⁻³ of −3; of what is between whole powers the number itself. */
const power = exponent => Number.isInteger(exponent)
    ? `10${String(exponent).replace(/./g, digit => superscripts[digit])}` : (10 ** exponent).toPrecision(2);
const superscripts = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };

const stateLegend = states => h('p', { class: 'legend' },
    seriesOf(states).map(({ label, colour }) => [h('span', { class: 'line-key', style: { background: `var(--${colour})` } }), label]),
    h('span', null, 'Across: tokens before the answer, in the direction of reading. Up: norm of the gradient with respect to the state.'));
