// A text that is asked about while it is typed.

import { debounce, field, h } from '../lib/dom.js';
import { showWarning } from '../lib/problem.js';
import { newestCall } from './newest.js';
import { firstExample, showStarters, textForModel } from './starters.js';

const pauseInTyping = 300; // milliseconds

/** Takes a text for a model from another tab. */
export const receiver = (picker, form) => ({
    receive({ text, model }) {
        picker.pick(model);
        form.set(text);
    },
});

/**
 * Where a text is typed, the examples of the model's card, and what went wrong. Of what is typed only the newest is asked about.
 * @param {object} options
 * @param {string} options.label
 * @param {string | null} options.text null for the model's own example
 * @param {import('../lib/models.js').Card} options.card
 * @param {(card: object) => string} [options.example] a text for a model where nothing was typed
 * @param {HTMLElement} options.busy marked while an answer is awaited
 * @param {(text: string) => void} options.changed
 * @param {(text: string, options: import('../lib/api.js').CallOptions) => Promise<any>} options.ask
 * @param {(text: string, answer: any) => void} options.show the answer is null for an empty text
 */
export function textForm({ label, text, card, example = firstExample, busy, changed, ask, show }) {
    const area = h('textarea', {
        rows: 3, dir: 'auto', spellcheck: 'false', placeholder: 'Type or paste a text', value: text ?? example(card), oninput: typed,
    });
    const starters = h('div', { class: 'starters' });
    const problems = h('div');
    const warnings = h('div');
    const calls = newestCall(problems, busy);
    const sendSoon = debounce(send, pauseInTyping);
    showStarters(starters, card, set);

    function typed() {
        changed(area.value);
        sendSoon();
    }

    function set(value) {
        area.value = value;
        changed(value);
        send();
    }

    function send() {
        const asked = area.value;
        let warning = '';
        const answered = answer => {
            showWarning(warnings, warning);
            show(asked, answer);
        };
        if (asked.trim() !== '')
            return calls.run(options => ask(asked, { ...options, onWarning: said => warning = said }), answered);
        calls.stop();
        answered(null);
    }

    return {
        parts: [field(label, area), starters, problems, warnings],
        set,
        send,
        stop: calls.stop,
        modelChanged(next) {
            const before = card;
            card = next;
            showStarters(starters, card, set);
            set(textForModel(area.value, before, card, example));
        },
        get text() { return area.value; },
    };
}
