// One text to be judged: where it is typed, what its labels are, and why.

import { post } from '../lib/api.js';
import { debounce, field, h, replace } from '../lib/dom.js';
import { showWarning } from '../lib/problem.js';
import { percent } from '../lib/text.js';
import { explainedText, signed } from './judge-explained.js';
import { newestCall } from './newest.js';
import { scoreBars } from './score-bars.js';
import { showStarters } from './starters.js';

const pauseInTyping = 300; // milliseconds

/**
 * @param {object} options
 * @param {string} options.title label of the text
 * @param {string} options.text
 * @param {() => import('../lib/models.js').Card} options.card the model that judges
 * @param {(text: string) => void} options.onText called with what is typed
 * @param {() => void} options.onAnswer called when the panel has another answer, or none
 */
export function judgePanel({ title, text, card, onText, onAnswer }) {
    const area = h('textarea', { rows: 3, dir: 'auto', value: text, spellcheck: 'false', oninput: () => typed() });
    const starters = h('div', { class: 'starters' });
    const problems = h('div');
    const warning = h('div');
    const answered = h('div', { class: 'stack' });
    const element = h('section', { class: 'card stack', 'aria-label': title }, field(title, area), starters, problems, warning, answered);
    const calls = newestCall(problems, element);
    let explained = null, answer = null;

    const askSoon = debounce(ask, pauseInTyping);

    function typed() {
        onText(area.value);
        askSoon();
    }

    function setText(value) {
        area.value = value;
        onText(value);
        ask();
    }

    function ask() {
        const asked = area.value;
        if (asked.trim() === '') {
            calls.stop();
            show(asked, null);
            return;
        }
        let said = '';
        calls.run(
            options => judge(card(), asked, { ...options, onWarning: warned => said = warned }),
            judged => {
                show(asked, judged);
                showWarning(warning, said);
            });
    }

    function show(asked, judged) {
        explained?.dispose();
        explained = null;
        answer = judged;
        if (judged === null)
            replace(answered);
        else if (judged.explanation?.tokens.length > 0)
            showExplained(asked, judged);
        else
            replace(answered, bars(judged.labels).element, judged.reason && h('p', { class: 'muted' }, `Not explained: ${judged.reason}`));
        if (judged === null)
            showWarning(warning, '');
        onAnswer();
    }

    function showExplained(asked, judged) {
        const { labels, explanation } = judged;
        const list = bars(labels);
        explained = explainedText(asked, judged, scores => scores.forEach((score, index) => list.set(index, score)));
        replace(answered, list.element, explained.element, legend(judged), method(explanation), table(labels, explanation));
    }

    const bars = labels => scoreBars('Labels and their scores', labels.map(({ label, score }, index) => ({ name: label, share: score, class: index === 0 ? 'best' : null })));

    return {
        element,
        ask,
        setText,
        showStarters: () => showStarters(starters, card(), setText),
        paint: strongest => explained?.paint(strongest),
        get text() { return area.value; },
        get answer() { return answer; },
        get strongest() { return explained?.strongest ?? 0; },
        dispose() {
            calls.stop();
            explained?.dispose();
        },
    };
}

/** Labels with their explanation; without it, and with the reason, where the model or the service has none. */
async function judge({ name, backend }, text, options) {
    const plain = async reason => ({ labels: (await post('classify', { model: name, inputs: [text] }, options))[0], reason });
    if (backend && backend !== 'native')
        return plain('this model is not computed by the service itself.');
    try {
        return (await post('classify', { model: name, inputs: text, parameters: { explain: true } }, options))[0];
    } catch (problem) {
        if (problem.status !== 422)
            throw problem;
        return plain(problem.message);
    }
}

function legend({ labels, explanation }) {
    const label = h('b', { dir: 'auto' }, explanation.label);
    return h('p', { class: 'legend' },
        h('span', null, 'The line over the text is the score of ', label, ` after each word, from 0 to 100 %; dashes mark ${percent(1 / labels.length)}, the score of a guess.`),
        h('span', { class: 'swatch diverging raises', style: { '--share': '70%' } }, 'underlined'), ' words speak for it, ',
        h('span', { class: 'swatch diverging against lowers', style: { '--share': '70%' } }, 'dotted'), ' ones against it.');
}

function method({ label, method: name, steps, baseline, value, completeness_gap: gap }) {
    return h('p', { class: 'muted footnote' },
        `How much each word adds to ${label}: ${name.replaceAll('_', ' ')} in ${steps} steps, from embeddings that are all zero. The margin of ${label} `
        + `goes from ${signed(baseline)} to ${signed(value)}; the words' shares add up to that, but for a completeness gap of ${Number(gap).toPrecision(2)}.`);
}

/** The same in a table, drawn when it is opened. */
function table(labels, { label, tokens }) {
    const details = h('details', { class: 'footnote' }, h('summary', null, 'As a table'));
    details.addEventListener('toggle', () => details.open && details.append(
        h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Words' }, h('table', null,
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'word'), h('th', { scope: 'col' }, `for ${label}`), labels.map(({ label: name }) => h('th', { scope: 'col' }, `${name} after it`)))),
            h('tbody', null, tokens.map(token => h('tr', null,
                h('th', { scope: 'row', dir: 'auto' }, token.text, !token.known && ' (unknown)'), h('td', null, signed(token.contribution)),
                token.scores.map(score => h('td', null, percent(score))))))))), { once: true });
    return details;
}
