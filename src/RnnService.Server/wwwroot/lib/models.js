// The served models, and the select that picks one.

import { get } from './api.js';
import { field, h, kept, replace, select } from './dom.js';

/**
 * @typedef {object} Card as GET /models gives it
 * @property {string | undefined} name to be sent as `model`; undefined where the service does not list its models and its default answers
 * @property {'loading' | 'ready' | 'broken'} status
 * @property {'language_model' | 'classifier' | 'tagger' | 'translator' | 'regressor' | 'forecaster' | 'transcriber'} task
 * @property {boolean} default
 * @property {string | null} tokenizer null where it reads numbers instead of text
 * @property {{ features: number, names: string[], audio?: { sample_rate: number } } | undefined} numbers what it reads of these, as config.json has it
 * @property {string} cell lstm, gru, gru_before, tanh, relu or sum
 * @property {string[]} labels
 * @property {string[]} examples texts to try it with
 * @property {string[]} files
 */

/** What a model may be wanted for: more than its task where tabs differ by what it reads or writes. */
const kinds = {
    language_model: ({ task }) => task === 'language_model',
    music: ({ task, examples }) => task === 'language_model' && examples.some(text => /^X:\s*\d/.test(text)),
    classifier: ({ task, numbers }) => task === 'classifier' && !numbers,
    tagger: ({ task, numbers }) => task === 'tagger' && !numbers,
    translator: ({ task }) => task === 'translator',
    numbers: ({ numbers }) => Boolean(numbers),
};

/** Dispatches `change` when the list of models, or why there is none, has changed. */
class Models extends EventTarget {
    #cards = null;
    #problem = null;
    #known = '';

    /** Whether the list has been asked for and is there, or is known not to be. */
    get settled() {
        return this.#cards !== null;
    }

    /** Why there is no list, or null. @returns {import('./api.js').Problem | null} */
    get problem() {
        return this.#problem;
    }

    /** Whether the service keeps its list to itself: its default models then answer. */
    get unlisted() {
        return this.#problem?.status === 404;
    }

    /** All cards, those that are loading or broken too. @returns {Card[]} */
    all() {
        return this.#cards ?? [];
    }

    /** The cards of the models of some kinds that can answer, the default first. @returns {Card[]} */
    of(...wanted) {
        const kindOf = card => wanted.findIndex(kind => kinds[kind](card));
        return (this.unlisted ? wanted.map(unlistedCard) : this.all()).filter(card => card.status === 'ready' && kindOf(card) >= 0)
            .sort((a, b) => kindOf(a) - kindOf(b) || b.default - a.default || a.name.localeCompare(b.name));
    }

    /** Whether a model may still become able to answer. */
    get loading() {
        return !this.settled || this.all().some(card => card.status === 'loading');
    }

    /** Asks for the list now and goes on asking: each second while one is loading, else from time to time. */
    async watch() {
        if (!document.hidden || !this.settled)
            await this.refresh();
        setTimeout(() => this.watch(), this.loading ? 1000 : this.#problem && !this.unlisted ? 3000 : 15000);
    }

    async refresh() {
        try {
            const cards = await get('models');
            this.#set(cards.map(card => ({ labels: [], examples: [], files: [], metrics: {}, ...card })), null);
        } catch (problem) {
            // What is known of the models stays known while the service does not answer.
            this.#set(problem.status === 404 ? [] : this.#cards, problem);
        }
    }

    #set(cards, problem) {
        this.#cards = cards;
        this.#problem = problem;
        const known = JSON.stringify([cards, problem?.status, problem?.type]);
        if (known !== this.#known) {
            this.#known = known;
            this.dispatchEvent(new Event('change'));
        }
    }
}

const unlistedCard = task => ({
    name: undefined, status: 'ready', task, default: true, description: '', cell: '', tokenizer: '', labels: [], examples: [], files: [], metrics: {},
});

export const models = new Models();

/**
 * A select of the models of some kinds, or the one's name where there is only one. What was picked is kept by tab.
 * @param {string} tab the tab's id
 * @param {string[]} wanted kinds
 * @param {(card: Card) => void} [onChange] called when another model is picked
 * @returns {{ element: HTMLElement, readonly card: Card, pick: (name: string) => void }} pick takes another model, as if somebody had picked it
 */
export function modelPicker(tab, wanted, onChange) {
    const picked = kept(`model-${tab}`, { name: '' });
    const element = h('div', { class: 'model-picker' });
    let cards = models.of(...wanted);
    const current = () => cards.find(card => card.name === picked.value.name) ?? cards[0];

    const pick = name => {
        const before = current();
        picked.value.name = name;
        picked.save();
        if (current() === before)
            return;
        const shown = element.querySelector('select');
        if (shown)
            shown.value = current().name;
        element.querySelector('.description').replaceWith(description(current()));
        onChange?.(current());
    };

    const draw = () => {
        const before = current();
        const listed = models.of(...wanted);
        cards = listed.length > 0 ? listed : cards;
        const card = current();
        if (cards.length > 1)
            replace(element, field('Model', select(cards.map(({ name }) => name), card.name, pick)), description(card));
        else
            replace(element, card.name && h('p', { class: 'one-model' }, 'Model ', h('b', { dir: 'auto' }, card.name)), description(card));
        if (before !== card && before?.name !== card.name)
            onChange?.(card);
    };

    const description = card => h('p', { class: 'description', dir: 'auto' }, card.description);

    draw();
    models.addEventListener('change', draw);
    return { element, pick, get card() { return current(); } };
}
