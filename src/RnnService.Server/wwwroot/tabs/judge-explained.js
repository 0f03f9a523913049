// An explained text: contributions as colour, the running score as a line over the text, word by word if one likes.

import { h } from '../lib/dom.js';
import { paintDiverging } from '../lib/colour.js';
import { fixed, percent, visibleForm } from '../lib/text.js';
import { tokenList } from '../lib/tokens.js';
import { scoreBars } from './score-bars.js';
import { drawOver, tokenNodes } from './token-text.js';

const tokensASecond = 8;
const longestPlay = 20; // seconds; a long text is read faster
const faint = 0.04; // of the strongest contribution; less is left plain
const labelsShown = 5; // in a popover

/**
 * @param {string} text
 * @param {{ labels: { label: string, score: number }[], explanation: object }} answer of /classify
 * @param {number} guess the score that says nothing
 * @param {(scores: number[]) => void} onStep gets the scores after the token that is looked at, in the order of the labels
 */
export function explainedText(text, { labels, explanation: { label, tokens } }, guess, onStep) {
    const last = tokens.length - 1;
    let timer = 0;

    const { nodes, elements } = tokenNodes(text, tokens, (piece, index) =>
        h('span', { class: 'token', title: said(index), onclick: () => stopAt(index) }, piece));
    const line = h('p', { class: 'text over-text', dir: 'auto' }, nodes);
    tokenList(line, { label: 'What a word adds', content: element => facts(elements.indexOf(element)) });
    const graph = drawOver(line, elements, { shape: 'line', values: tokens.map(token => token.scores[0]), guide: guess });

    const play = h('button', { type: 'button', onclick: () => timer ? stop() : start() }, 'Play');
    const slider = h('input', { type: 'range', min: 0, max: last, value: last, 'aria-label': 'Read up to this word', oninput: () => stopAt(step()) });
    const readout = h('p', { class: 'muted' });
    const step = () => Number(slider.value);

    function goTo(index) {
        slider.value = index;
        slider.setAttribute('aria-valuetext', said(index));
        readout.textContent = said(index);
        elements.forEach((element, other) => element.classList.toggle('unread', other > index));
        graph.showUntil(index);
        onStep(tokens[index].scores);
    }

    /** What is known of a token. The marks keep the direction of the word from turning the sentence around. */
    function said(index) {
        const { text: word, known, contribution, scores } = tokens[index];
        const name = `“\u2068${visibleForm(word)}\u2069”${known ? '' : ', unknown to the model'}`;
        return `${name}: ${signed(contribution)} for ${label}; then ${label} ${percent(scores[0])}`;
    }

    const facts = index => [
        h('p', null, said(index)),
        scoreBars('Scores after it', labels.slice(0, labelsShown).map(({ label: name }, at) => ({ name, share: tokens[index].scores[at] }))).element,
    ];

    function start() {
        if (matchMedia('(prefers-reduced-motion: reduce)').matches)
            return goTo(last);
        play.textContent = 'Pause';
        goTo(step() === last ? 0 : step());
        timer = setInterval(() => step() < last ? goTo(step() + 1) : stop(), 1000 / Math.max(tokensASecond, tokens.length / longestPlay));
    }

    function stop() {
        clearInterval(timer);
        timer = 0;
        play.textContent = 'Play';
    }

    function stopAt(index) {
        stop();
        goTo(index);
    }

    goTo(last);
    return {
        element: h('div', { class: 'stack' }, line, h('div', { class: 'row judge-steps' }, play, slider), readout),
        strongest: Math.max(...tokens.map(token => Math.abs(token.contribution))),
        /** Colours the contributions; one of this size gets the strongest colour. */
        paint(strongest) {
            elements.forEach((element, index) => {
                const share = tokens[index].contribution / (strongest || 1);
                paintDiverging(element, Math.abs(share) < faint ? 0 : share);
                element.classList.toggle('raises', share >= faint);
                element.classList.toggle('lowers', share <= -faint);
            });
        },
        dispose() {
            stop();
            graph.dispose();
        },
    };
}

export const signed = value => `${value < 0 ? '' : '+'}${fixed(value, 2)}`;
