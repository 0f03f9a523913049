// One text to be judged: its labels, and why.

import { post } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { withoutField } from '../lib/problem.js';
import { percent } from '../lib/text.js';
import { explainedText, signed } from './judge-explained.js';
import { labelBars } from './score-bars.js';
import { textForm } from './text-form.js';

/**
 * @param {object} options
 * @param {string} options.label of the text
 * @param {() => import('../lib/models.js').Card} options.card the model that judges
 * @param {() => void} options.onAnswer called when the panel has another answer, or none
 * @param {object} options.form what else the text form takes
 */
export function judgePanel({ label, card, onAnswer, form: options }) {
    const answered = h('div', { class: 'stack' });
    let explained = null, answer = null;
    const form = textForm({
        ...options, label, card: card(), busy: answered, show, ask: (text, call) => judge(card(), text, call),
    });

    function show(text, judged) {
        explained?.dispose();
        explained = null;
        answer = judged;
        replace(answered, judged && parts(text, judged));
        onAnswer();
    }

    function parts(text, judged) {
        const { labels, explanation, reason } = judged;
        const list = labelBars('Labels', labels, fits(card()));
        if (!explanation?.tokens.length)
            return [list.element, reason && h('p', { class: 'muted' }, `Not explained: ${reason}`)];
        const guess = card().multi_label ? 0.5 : 1 / labels.length; // says nothing
        explained = explainedText(text, judged, guess, scores => scores.forEach((score, index) => list.set(index, score)));
        return [list.element, explained.element, legend(judged, guess), method(explanation, card())];
    }

    return {
        element: h('section', { class: 'card stack', 'aria-label': label }, form.parts, answered),
        form,
        paint: strongest => explained?.paint(strongest),
        get answer() { return answer; },
        get strongest() { return explained?.strongest ?? 0; },
        dispose() {
            form.stop();
            explained?.dispose();
        },
    };
}

/** Whether a label is among a model's answers: its best one, where labels have thresholds each that reaches its own. */
const fits = ({ labels, thresholds, multi_label: several }) => ({ label, score }, index) =>
    (several || index === 0) && !(score < thresholds?.[labels?.indexOf(label)]);

/** All labels, also below their thresholds, with their explanation; without it, and with the reason, where the model or the service has none. */
async function judge({ name, backend }, text, call) {
    const ask = async parameters => (await post('classify', { model: name, inputs: [text], parameters }, call))[0];
    const plain = async reason => ({ labels: await ask({ threshold: 0 }), reason });
    if (backend && backend !== 'native')
        return plain('ONNX Runtime computes this model.');
    try {
        return await ask({ explain: true, threshold: 0 });
    } catch (problem) {
        if (problem.status === 422)
            return plain(withoutField(problem.message));
        throw problem;
    }
}

function legend({ explanation }, guess) {
    const swatch = (name, text) => h('span', { class: `swatch diverging ${name}`, style: { '--share': '70%' } }, text);
    return h('p', { class: 'legend' },
        h('span', null, 'The line is the score of ', h('b', { dir: 'auto' }, explanation.label),
            ` if the text ended after each word, from 0 to 100 %; dashes mark ${percent(guess)}, a guess.`),
        swatch('raises', 'underlined'), ' words speak for it,', swatch('against lowers', 'dotted'), ' ones against it.');
}

function method({ label, method: name, steps, baseline, value, completeness_gap: gap }, { multi_label: several }) {
    return h('p', { class: 'muted footnote' },
        `A word’s share is found by ${name.replaceAll('_', ' ')} in ${steps} steps from embeddings of zeros. The shares add up to the way of `
        + `${label}’s ${several ? 'log-odds' : 'margin'} from ${signed(baseline)} to ${signed(value)}, but for a completeness gap of ${Number(gap).toPrecision(2)}.`);
}
