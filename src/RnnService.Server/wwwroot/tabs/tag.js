// Tag: the labels of words and spans, with what else each might have been.

import { post } from '../lib/api.js';
import { copyButton, h, kept, replace } from '../lib/dom.js';
import { paintCategory } from '../lib/colour.js';
import { codePoints, percent, plural, segments } from '../lib/text.js';
import { popover, tokenList } from '../lib/tokens.js';
import { labelBars } from './score-bars.js';
import { receiver, textForm } from './text-form.js';

const alternatives = 3;
const unsure = 0.6; // spans of a lower score are marked

const state = kept('tag', { text: null });

export default function render(root, context) {
    const picker = context.picker(card => form.modelChanged(card));
    let answered = null; // { text, spans } of the last answer
    const only = new Set(); // labels that are picked in the legend; none are all
    const spanOf = new WeakMap(); // by the element that shows it

    const legend = h('div', { class: 'row', role: 'group', 'aria-label': 'Labels: pick those to show' });
    const line = h('p', { class: 'text tag-text', dir: 'auto' });
    const list = tokenList(line, { label: 'Likeliest labels', content: element => likeliest(spanOf.get(element)) });
    const summary = h('p', { class: 'muted' });
    const copies = [copyButton(conll, 'Copy as CoNLL'), copyButton(() => JSON.stringify(answered.spans, null, 2), 'Copy as JSON')];
    const section = h('section', { class: 'card', 'aria-label': 'Tagged text', hidden: true },
        h('div', { class: 'stack' }, legend, line, summary, h('div', { class: 'row' }, copies)));
    const form = textForm({ label: 'Text', text: state.value.text, card: picker.card, busy: section, changed, ask, show });

    root.append(picker.element, ...form.parts, section);
    form.send();
    return receiver(picker, form);

    function changed(text) {
        state.value.text = text;
        state.save();
    }

    /** With alternatives, or without where the service has none. */
    async function ask(inputs, call) {
        const body = { model: picker.card.name, inputs };
        try {
            return await post('tag', { ...body, parameters: { alternatives } }, call);
        } catch (problem) {
            if (problem.status === 422)
                return post('tag', body, call);
            throw problem;
        }
    }

    function show(text, spans) {
        popover.hide();
        section.hidden = spans === null;
        if (spans === null)
            return;
        answered = { text, spans };
        replace(line, segments(text, spans).map(({ text: piece, span }) => span === null ? piece : spanElement(piece, span)));
        list.refresh();

        const groups = [...Map.groupBy(spans, labelOf)].sort((a, b) => b[1].length - a[1].length);
        const key = (name, text) => h('button', { type: 'button', class: 'tag-key', dataset: { label: name }, onclick: () => pick(name) }, text);
        replace(legend, groups.map(([name, { length }]) => paint(key(name, `${name} ${length}`), name)));
        const doubtful = spans.filter(({ score }) => score < unsure).length;
        summary.textContent = spans.length === 0 ? 'Nothing in this text is labelled.'
            : plural(spans.length, 'span') + (doubtful > 0 ? `, ${doubtful} below ${percent(unsure)} (dashed)` : '')
                + '. Point at one, or use the arrow keys, to see what else it might be.';
        filter();
    }

    function spanElement(piece, span) {
        const name = labelOf(span);
        const title = `${name} ${percent(span.score)}`;
        const element = h('span', { class: span.score < unsure ? 'token unsure' : 'token', dataset: { label: name }, title },
            piece, h('small', { class: 'tag-label' }, name));
        spanOf.set(element, span);
        return paint(element, name);
    }

    function pick(name) {
        if (!only.delete(name))
            only.add(name);
        filter();
    }

    function filter() {
        const keys = [...legend.children];
        const some = keys.some(key => only.has(key.dataset.label)); // a picked label may be none of this text's
        for (const key of keys)
            key.setAttribute('aria-pressed', String(only.has(key.dataset.label)));
        for (const span of line.querySelectorAll('.token'))
            span.classList.toggle('passed', some && !only.has(span.dataset.label));
    }

    /** A label's colour is its place among the model's labels; of a label that the card does not have, a hash of its name. */
    function paint(element, name) {
        const index = [...new Set(picker.card.labels.map(label => label.replace(/^[BIESMLU]-/, '')))].indexOf(name);
        return paintCategory(element, index >= 0 ? index : hash(name));
    }

    /** A word and its label a line, an empty line where the text has a line break. */
    async function conll() {
        const { text } = answered;
        const words = await post('tag', { model: picker.card.name, inputs: text, parameters: { aggregation_strategy: 'none' } });
        const lines = segments(text, words).map(({ text: piece, span }) => span ? `${piece}\t${labelOf(span)}\n` : piece.includes('\n') ? '\n' : '');
        return lines.join('').trimStart();
    }
}

const labelOf = span => span.entity_group ?? span.entity;
const hash = name => codePoints(name).reduce((sum, point) => (sum * 31 + point.codePointAt(0)) % 9973, 7);

const likeliest = span => labelBars('Likeliest labels', [{ label: labelOf(span), score: span.score }, ...span.alternatives ?? []]).element;
