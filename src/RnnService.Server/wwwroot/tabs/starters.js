import { h, replace } from '../lib/dom.js';

/** Buttons that put an example of the model's card into the text. */
export function showStarters(container, card, pick) {
    const examples = card?.examples ?? [];
    replace(container, examples.length > 0 && [
        h('span', { class: 'starters-title' }, 'Try'),
        examples.slice(0, 6).map(text =>
            h('button', { type: 'button', class: 'quiet starter', dir: 'auto', title: text, onclick: () => pick(text) }, text)),
    ]);
}

/** A model's own example. */
export const firstExample = ({ examples }) => examples[0] ?? '';

/** The text to show after another model was picked: its own example in the place of one of the model before, never of what somebody typed. */
export function textForModel(text, before, card, example = firstExample) {
    const untouched = text.trim() === '' || [example(before), ...before.examples].includes(text);
    return untouched ? example(card) : text;
}
