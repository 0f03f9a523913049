// One unit: its track over the text, where it is strongest, and which simple feature of the text it follows.

import { h, replace } from '../lib/dom.js';
import { paintDiverging, paintSequential } from '../lib/colour.js';
import { codePoints, plural, visibleForm } from '../lib/text.js';
import { tokenList } from '../lib/tokens.js';
import { said, valueScale } from './inside-values.js';
import { scoreBars } from './score-bars.js';
import { chanceCorrelation, followed, leastCorrelation } from './token-features.js';
import { tokenNodes, withBreaks } from './token-text.js';

const places = 5;
const fewTokens = 30;
const context = { before: 24, after: 12 }; // code points around a place

/**
 * @param {HTMLElement} container
 * @param {{ text: string, tokens: object[], features: import('./token-features.js').Feature[] }} read the text as the model read it
 * @param {{ name: string, title: string, kind: string, track: number[], onClose: () => void }} unit track: its value a token
 */
export function showUnit(container, { text, tokens, features }, { name, title, kind, track, onClose }) {
    const found = followed(track, features);
    replace(container,
        h('div', { class: 'row tab-head' }, h('h2', null, `${name} `, h('small', null, title)),
            h('button', { type: 'button', class: 'quiet', onclick: onClose }, 'Close')),
        h('p', { role: 'status' }, sentence(found[0], track.length)),
        trackText(text, tokens, kind, track),
        h('div', { class: 'columns' },
            placeList('Highest', text, tokens, track, 1),
            placeList('Lowest', text, tokens, track, -1),
            correlations(found)));
}

/** What the unit follows, and how much that is worth. */
function sentence({ name, r }, count) {
    if (r === null)
        return 'There is nothing to compare: the unit, or the text, is the same throughout.';
    const chance = chanceCorrelation(count);
    const short = Math.abs(r) < chance || count < fewTokens;
    const caution = short ? ` In so short a text the best r is up to ${said(chance)} by chance alone: try a longer one.` : '';
    const values = `r = ${said(r)}, n = ${plural(count, 'token')} of this text.${caution}`;
    if (Math.abs(r) < leastCorrelation)
        return `Follows none of these features; the nearest is “${name}”, ${values}`;
    return `${r > 0 ? 'Follows' : 'Runs against'} “${name}” best: ${values}`;
}

function trackText(text, tokens, kind, track) {
    const scale = valueScale(kind, track);
    const paint = scale.name === 'sequential' ? paintSequential : paintDiverging;
    const { nodes, elements } = tokenNodes(text, tokens, (piece, index) =>
        paint(h('span', { class: 'token', title: said(track[index]) }, withBreaks(piece)), scale.share(track[index])));
    const line = h('p', { class: 'text inside-track', dir: 'auto' }, nodes);
    const content = element => [h('b', { dir: 'auto' }, visibleForm(element.textContent)), ` ${said(track[elements.indexOf(element)])}`];
    tokenList(line, { label: 'Values of the unit', content });
    return h('div', { class: 'inside-scroll' }, line);
}

/** The tokens with the highest (sign 1) or lowest (−1) values; of neighbours in a long text only one. */
function placeList(heading, text, tokens, track, sign) {
    const points = codePoints(text);
    const apart = track.length > fewTokens ? 3 : 1;
    const chosen = [];
    for (const index of [...track.keys()].sort((a, b) => sign * (track[b] - track[a])))
        if (chosen.length < places && chosen.every(other => Math.abs(other - index) >= apart))
            chosen.push(index);

    const part = (from, to) => points.slice(Math.max(0, from), to).join('').replaceAll('\n', '↵');
    return h('div', null, h('h3', null, heading), h('ol', { class: 'inside-places' }, chosen.map(index => {
        const { start, end } = tokens[index];
        return h('li', null, h('span', { class: 'number' }, said(track[index])), ' ', h('span', { dir: 'auto' },
            start > context.before && '…', part(start - context.before, start),
            h('mark', null, visibleForm(part(start, end))), part(end, end + context.after),
            end + context.after < points.length && '…'));
    })));
}

function correlations(found) {
    const constant = found.filter(({ r }) => r === null).map(({ name }) => name);
    const rows = found.filter(({ r }) => r !== null).map(({ name, r }) => ({ name, share: Math.abs(r), text: said(r), class: r < 0 && 'against' }));
    return h('div', null, h('h3', null, 'Correlation with features'),
        scoreBars('Correlation with features', rows).element,
        constant.length > 0 && h('p', { class: 'muted footnote' }, `The same throughout: ${constant.join(', ')}.`));
}
