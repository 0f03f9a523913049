// Translate: a text in another language, one or several by beam search, and where the translator looked for each word.

import { post, stream, unreachable } from '../lib/api.js';
import { copyButton, debounce, field, h, kept, replace, select } from '../lib/dom.js';
import { fixed, percent, plural } from '../lib/text.js';
import { control } from './control.js';
import { receiver, textForm } from './text-form.js';
import { attentionView } from './translate-attention.js';

const ways = [['greedy', 'likeliest'], ['drawn', 'drawn'], ['beams', 'beam search']];

/** The controls of a way beside those of the others: their name in `parameters` or here, label, and bounds. */
const controls = [
    { way: 'drawn', name: 'temperature', label: 'Temperature', min: 0.1, max: 2, step: 0.05 },
    { way: 'drawn', name: 'seed', label: 'Seed', min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
    { way: 'beams', name: 'num_beams', label: 'Beams', min: 2, max: 16, step: 1 },
    { way: 'beams', name: 'length_penalty', label: 'Length penalty', min: 0, max: 2, step: 0.1 },
    { way: 'beams', name: 'coverage_penalty', label: 'Coverage penalty', min: 0, max: 2, step: 0.1 },
];

const state = kept('translate', { text: null, way: 'greedy', temperature: 0.7, seed: 1, num_beams: 5, length_penalty: 1, coverage_penalty: 0 });

export default function render(root, context) {
    const { value } = state;
    const picker = context.picker(card => form.modelChanged(card));
    const changeSoon = debounce(change, 300);
    let texts = [], chosen = 0; // of the last answer: { text, score, tokens, attention }, the best first
    let sources = [];

    const way = select(ways, value.way, picked => {
        value.way = picked;
        showFields();
        change();
    });
    const fields = controls.map(({ way: of, ...setting }) => ({ of, element: control({ type: 'number', ...setting }, value, changeSoon) }));
    const list = h('ol', { class: 'translations', 'aria-label': 'Translations' });
    const status = h('p', { class: 'muted number', role: 'status' });
    const attention = attentionView();
    const looks = h('section', { class: 'card stack', 'aria-label': 'Where it looked', hidden: true }, h('h2', null, 'Where it looked'), attention.element);
    const section = h('section', { class: 'card stack', 'aria-label': 'Translation', hidden: true }, list, h('div', { class: 'row' }, status, copyButton(() => texts[chosen].text)));
    const form = textForm({ label: 'Text to translate', text: value.text, card: picker.card, busy: section, changed, ask, show });

    function changed(text) {
        value.text = text;
        state.save();
    }

    function change() {
        state.save();
        form.send();
    }

    function showFields() {
        for (const { of, element } of fields)
            element.hidden = of !== value.way;
    }

    /** A beam search knows its texts at the end; else the text comes as it is written. */
    async function ask(inputs, call) {
        const parameters = Object.fromEntries([['details', true], ...controls.filter(({ way, name }) => way === value.way && value[name] !== '').map(({ name }) => [name, value[name]])]);
        const body = { model: picker.card.name, inputs, parameters };
        if (value.way === 'beams') {
            parameters.num_return_sequences = parameters.num_beams ??= 5;
            const { generated_text, details } = await post('generate', body, call);
            return { sources: details.source_tokens, texts: [{ generated_text, ...details }, ...details.best_of_sequences ?? []].map(textOf) };
        }

        parameters.do_sample = value.way === 'drawn';
        const tokens = [];
        let last = null;
        await stream('generate_stream', body, {
            ...call,
            onEvent(event) {
                tokens.push(event.token);
                last = event;
                write(tokens.filter(({ special }) => !special).map(({ text }) => text).join('').trim());
            },
        });
        if (!last?.details)
            throw unreachable('The connection ended before the text was whole.');
        const { generated_text, details } = last;
        return { sources: details.source_tokens, texts: [textOf({ generated_text, tokens, attention: details.attention })] };
    }

    const textOf = ({ generated_text: text, score, tokens, attention: weights }) =>
        ({ text, score, tokens, attention: weights, logprob: tokens.reduce((sum, { logprob }) => sum + logprob, 0) });

    /** What there is of a text that is being written. */
    function write(text) {
        section.hidden = false;
        [texts, chosen] = [[{ text }], 0];
        replace(list, h('li', null, h('p', { class: 'text', dir: 'auto' }, text)));
        status.textContent = '';
    }

    function show(text, answer) {
        section.hidden = looks.hidden = answer === null;
        if (answer === null)
            return;
        ({ sources, texts } = answer);
        replace(list, texts.map((each, index) => h('li', null, texts.length === 1
            ? h('p', { class: 'text', dir: 'auto' }, each.text)
            : h('button', { type: 'button', class: 'choice', onclick: () => pick(index) },
                h('span', { class: 'text', dir: 'auto' }, each.text),
                h('span', { class: 'number muted' }, `score ${fixed(each.score, 3)}`)))));
        pick(0);
    }

    function pick(index) {
        chosen = index;
        const { tokens, attention: weights, logprob } = texts[index];
        [...list.querySelectorAll('button')].forEach((button, at) => button.setAttribute('aria-pressed', String(at === index)));
        status.textContent = `${plural(tokens.length, 'token')}, probability ${percent(Math.exp(logprob))}, ${percent(Math.exp(logprob / tokens.length))} a token`;
        looks.hidden = !weights;
        if (weights)
            attention.draw({ sources, tokens, attention: weights });
    }

    showFields();
    root.append(h('div', { class: 'card stack' }, picker.element, ...form.parts.slice(0, 2), h('div', { class: 'choices' }, field('How', way), fields.map(({ element }) => element))),
        ...form.parts.slice(2), section, looks);
    form.send();
    return receiver(picker, form);
}
