import { h } from '../lib/dom.js';
import { percent } from '../lib/text.js';

const shownAtOnce = 10;

/**
 * Labels with their scores, the best first.
 * @param {string} label what the list is, for screen readers
 * @param {{ label: string, score: number }[]} scores
 * @param {(entry: { label: string, score: number }, index: number) => boolean} [fits] whether a label is the answer, or part of it
 */
export const labelBars = (label, scores, fits = (_, index) => index === 0) =>
    scoreBars(label, scores.map((entry, index) => ({ name: entry.label, share: entry.score, class: fits(entry, index) && 'best' })));

/**
 * Names with a bar and a number each.
 * @param {string} label what the list is, for screen readers
 * @param {{ name: string, share: number, text?: string, class?: string }[]} rows share: length of the bar from 0 to 1; text: the number, the
 *     share in per cent when left out
 */
export function scoreBars(label, rows) {
    const bars = rows.map(row => h('span', { class: 'score-bar', 'aria-hidden': 'true' }, h('span')));
    const numbers = rows.map(() => h('span', { class: 'score-number' }));
    const long = rows.length > shownAtOnce;

    function set(index, share, text = percent(share)) {
        bars[index].firstChild.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
        numbers[index].textContent = text;
    }

    rows.forEach((row, index) => set(index, row.share, row.text));
    return {
        element: h('ul', { class: long ? 'score-bars long' : 'score-bars', 'aria-label': label, tabindex: long && 0 },
            rows.map((row, index) => h('li', { class: row.class },
                h('span', { class: 'score-name', dir: 'auto', title: row.name }, row.name), bars[index], numbers[index]))),
        set,
    };
}
