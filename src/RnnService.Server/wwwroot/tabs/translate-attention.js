// Where a translator looked: its words and those it read, joined; and all the weights as a table that looks like a picture.

import { h, replace, scroller, svg } from '../lib/dom.js';
import { paintSequential } from '../lib/colour.js';
import { percent, plural, spokenForm, visibleForm } from '../lib/text.js';
import { popover, tokenList } from '../lib/tokens.js';
import { scoreBars } from './score-bars.js';

const sourcesListed = 4;
const faintest = 0.05; // weights below it have no line
const mostCells = 6400; // of a table that a browser draws at once

/**
 * @typedef {object} Looks
 * @property {string[]} sources tokens that were read
 * @property {{ text: string, special: boolean, logprob: number }[]} tokens that were written
 * @property {number[][]} attention a row for each written token, a weight for each that was read
 */

export function attentionView() {
    let looks = null, chosen = -1;
    const sources = h('p', { class: 'text sources', dir: 'auto' });
    const targets = h('p', { class: 'text targets', dir: 'auto' });
    const links = svg('svg', { class: 'links', 'aria-hidden': 'true' });
    const lines = h('div', { class: 'attention' }, links, sources, targets);
    const matrix = scroller('All weights');
    const list = tokenList(targets, { label: 'Where the translator looked', content: lookedAt });
    targets.addEventListener('pointerover', event => choose([...targets.children].indexOf(event.target.closest('.token'))));
    new ResizeObserver(drawLinks).observe(lines);

    const source = (text, index) => text === '</s>' && index === looks.sources.length - 1 ? '' : text;
    const nameOf = text => visibleForm(text.trim() || text);

    /** @param {Looks} next */
    function draw(next) {
        popover.hide();
        looks = next;
        chosen = -1;
        replace(sources, looks.sources.map((text, index) => h('span', { class: source(text, index) === '' ? 'source end' : 'source' }, source(text, index))));
        replace(targets, looks.tokens.map(({ text, special }) => h('span', {
            class: special ? 'token end' : 'token', role: 'button', 'aria-haspopup': 'dialog', 'aria-label': spokenForm(special ? '' : text.trim() || text),
        }, special ? '' : text)));
        list.refresh();
        drawLinks();
        replace(matrix, table());
    }

    function choose(index) {
        if (index < 0 || index === chosen)
            return;
        chosen = index;
        [...sources.children].forEach((element, at) => paintSequential(element, looks.attention[index][at]));
        drawLinks();
    }

    /** The likeliest sources of a token, for its popover. */
    function lookedAt(token) {
        const index = [...targets.children].indexOf(token);
        choose(index);
        const { logprob } = looks.tokens[index];
        const ranked = looks.attention[index].map((share, at) => ({ name: nameOf(source(looks.sources[at], at)), share })).sort((a, b) => b.share - a.share);
        return [h('p', { class: 'muted' }, `Probability ${percent(Math.exp(logprob))}. It looked at`), scoreBars('Tokens that it looked at', ranked.slice(0, sourcesListed)).element];
    }

    const isOneLine = text => text.firstChild?.getBoundingClientRect().top === text.lastChild?.getBoundingClientRect().top;

    /** Lines from the chosen token to all it looked at; without one, from each token to what it looked at most, where they cross no text. */
    function drawLinks() {
        if (!looks)
            return;
        const origin = lines.getBoundingClientRect();
        const line = (from, to, share) => {
            const [above, below] = [sources.children[from], targets.children[to]].map(element => element.getBoundingClientRect());
            const [x1, y1, x2, y2] = [above.left + above.width / 2 - origin.left, above.bottom - origin.top, below.left + below.width / 2 - origin.left, below.top - origin.top];
            const middle = (y1 + y2) / 2;
            return svg('path', { d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`, style: { opacity: share } });
        };
        replace(links, chosen >= 0
            ? looks.attention[chosen].map((share, from) => share >= faintest && line(from, chosen, 0.15 + 0.85 * share))
            : isOneLine(sources) && isOneLine(targets) && looks.attention.map((row, to) => line(row.indexOf(Math.max(...row)), to, 0.5)));
    }

    function table() {
        const { attention, tokens } = looks;
        if (attention.length * looks.sources.length > mostCells)
            return h('p', { class: 'muted' }, `${plural(attention.length, 'token')} by ${looks.sources.length} are too many to be drawn as a table.`);
        return h('table', { class: 'matrix' },
            h('caption', { class: 'visually-hidden' }, 'Weights in per cent: a row for each token written, a column for each token read'),
            h('thead', null, h('tr', null, h('td'), looks.sources.map((text, index) => h('th', { scope: 'col' }, nameOf(source(text, index)))))),
            h('tbody', null, attention.map((row, to) => {
                const name = nameOf(tokens[to].special ? '' : tokens[to].text);
                return h('tr', null, h('th', { scope: 'row' }, name), row.map((share, from) => paintSequential(
                    h('td', { title: `${name} looked at ${nameOf(source(looks.sources[from], from))}: ${percent(share)}` }, h('span', { class: 'visually-hidden' }, percent(share))), share)));
            })));
    }

    return { element: h('div', { class: 'stack' }, lines, h('h3', null, 'All weights'), matrix), draw };
}
