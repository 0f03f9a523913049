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
 * @param {{ unit: number, title: string, kind: string, track: number[], onClose: () => void }} shown track: the unit's value a token
 */
export function showUnit(container, { text, tokens, features }, { unit, title, kind, track, onClose }) {
    const found = followed(track, features);
    replace(container,
        h('div', { class: 'row tab-head' }, h('h2', null, `Unit ${unit} `, h('small', null, title)), h('button', { type: 'button', class: 'quiet', onclick: onClose }, 'Close')),
        h('p', { role: 'status' }, sentence(found, track.length)),
        trackText(text, tokens, kind, track),
        h('div', { class: 'columns' },
            placeList('Highest', text, tokens, track, 1),
            placeList('Lowest', text, tokens, track, -1),
            h('div', null, h('h3', null, 'Correlation with features'), correlationBars(found))),
        valueTable(tokens, track));
}

/** What the unit follows, and how much that is worth. */
function sentence([best], count) {
    if (best.r === null)
        return 'There is nothing to compare: the unit, or the text, is the same throughout.';
    const chance = chanceCorrelation(count);
    const caution = Math.abs(best.r) < chance || count < fewTokens ? ` In so short a text the best r is up to ${said(chance)} by chance alone: try a longer one.` : '';
    if (Math.abs(best.r) < leastCorrelation)
        return `Follows none of these features in this text: the strongest is “${best.name}”, r = ${said(best.r)}, n = ${plural(count, 'token')}.${caution}`;
    return `${best.r > 0 ? 'Follows' : 'Runs against'} “${best.name}” best: r = ${said(best.r)}, n = ${plural(count, 'token')} of this text.${caution}`;
}

function trackText(text, tokens, kind, track) {
    const scale = valueScale(kind, track);
    const paint = scale.name === 'sequential' ? paintSequential : paintDiverging;
    const { nodes, elements } = tokenNodes(text, tokens, (piece, index) => paint(h('span', { class: 'token', title: said(track[index]) }, withBreaks(piece)), scale.share(track[index])));
    const line = h('p', { class: 'text inside-track', dir: 'auto' }, nodes);
    tokenList(line, {
        label: 'Values of the unit',
        content: element => {
            const index = elements.indexOf(element);
            return [h('b', { dir: 'auto' }, visibleForm(tokens[index].text)), ` ${said(track[index])}`];
        },
    });
    return h('div', { class: 'inside-scroll' }, line);
}

/** The tokens with the highest (sign 1) or lowest (−1) values; of neighbours in a long text only one. */
function placeList(title, text, tokens, track, sign) {
    const points = codePoints(text);
    const apart = track.length > 40 ? 3 : 1;
    const chosen = [];
    for (const index of track.map((_, index) => index).sort((a, b) => sign * (track[b] - track[a])))
        if (chosen.length < places && chosen.every(other => Math.abs(other - index) >= apart))
            chosen.push(index);
    return h('div', null, h('h3', null, title), h('ol', { class: 'inside-places' }, chosen.map(index => {
        const { start, end } = tokens[index];
        const part = (from, to) => visibleLine(points.slice(Math.max(0, from), to).join(''));
        return h('li', null, h('span', { class: 'number' }, said(track[index])), ' ',
            h('span', { dir: 'auto' }, start > context.before && '…', part(start - context.before, start), h('mark', null, visibleForm(points.slice(start, end).join(''))), part(end, end + context.after), end + context.after < points.length && '…'));
    })));
}

const visibleLine = text => text.replaceAll('\n', '↵');

const correlationBars = found => scoreBars('Correlation with features', found.map(({ name, r }) => ({
    name, share: Math.abs(r ?? 0), text: r === null ? 'constant' : said(r), class: r < 0 ? 'against' : null,
}))).element;

function valueTable(tokens, track) {
    const details = h('details', { class: 'footnote' }, h('summary', null, 'Values as a table'));
    details.addEventListener('toggle', () => details.open && details.append(
        h('div', { class: 'scroll inside-table', tabindex: 0, role: 'group', 'aria-label': 'Values' }, h('table', null,
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'token'), h('th', { scope: 'col', class: 'number' }, 'value'))),
            h('tbody', null, tokens.map((token, index) => h('tr', null, h('th', { scope: 'row', dir: 'auto' }, visibleForm(token.text)), h('td', { class: 'number' }, said(track[index])))))))), { once: true });
    return details;
}
