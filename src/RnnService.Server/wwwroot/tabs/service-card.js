// The card of one model: what it is, how good, how it was trained, and its files.

import { getBlob, getText, hasKey } from '../lib/api.js';
import { download, h, replace } from '../lib/dom.js';
import { paintCategory } from '../lib/colour.js';
import { markdown } from '../lib/markdown.js';
import { clearProblem, showProblem } from '../lib/problem.js';
import { byteSize, count } from '../lib/text.js';

const taskNames = {
    language_model: 'Language model', classifier: 'Classifier', tagger: 'Tagger', translator: 'Translator', transcriber: 'Transcriber', regressor: 'Regressor', forecaster: 'Forecaster',
};
const cellNames = { lstm: 'LSTM', gru: 'GRU', gru_before: 'GRU (reset before)', tanh: 'tanh', relu: 'ReLU', sum: 'sum of embeddings' };
const tabOf = { language_model: 'write', classifier: 'judge', tagger: 'tag', translator: 'translate' };
const labelsShown = 24;

export function modelCard(card, context) {
    return card.status === 'ready' ? readyCard(card, context) : waitingCard(card);
}

const heading = card => h('h3', { dir: 'auto' }, card.name);
const badge = (text, kind = '') => h('span', { class: `badge ${kind}` }, text);

function waitingCard(card) {
    const loading = card.status === 'loading';
    return h('article', { class: `card stack model ${card.status}` },
        h('div', { class: 'row' }, heading(card), badge(card.status, card.status)),
        loading
            ? h('p', { class: 'muted' }, 'It is being read and checked; requests for it wait.')
            : [h('p', { class: 'reason', dir: 'auto' }, card.reason ?? 'No reason is given.'),
                card.status === 'broken' && h('p', { class: 'muted' }, 'Once it is mended, it is loaded at the next start, or at once where the service watches its folder.')]);
}

function readyCard(card, context) {
    const openIn = tabOf[card.task];
    return h('article', { class: 'card stack model' },
        h('div', { class: 'row' }, heading(card), badge(taskNames[card.task] ?? card.task), card.default && badge(`default of ${card.route}`, 'default')),
        card.reason && h('p', { class: 'reason', dir: 'auto' }, `Its folder has changed, and what it holds now cannot be served: ${card.reason}`),
        card.description && h('p', { dir: 'auto' }, card.description),
        scores(card),
        facts(card),
        card.labels.length > 0 && labels(card.labels),
        card.examples.length > 0 && openIn && h('div', null, h('h4', null, 'Try it with'), h('ul', { class: 'examples' }, card.examples.map(text =>
            h('li', null, h('button', { type: 'button', class: 'link', dir: 'auto', onclick: () => context.open(openIn, { text, model: card.name }) }, text.trim()))))),
        card.files.includes('curve.svg') && curve(card),
        card.files.includes('README.md') && readme(card),
        files(card));
}

function scores({ metrics }) {
    // A language model's loss is its score once more.
    const names = Object.keys(metrics).filter(name => !(name.endsWith('loss') && Object.keys(metrics).some(other => other !== name && metrics[other] === metrics[name])));
    if (names.length === 0)
        return h('p', { class: 'muted' }, 'No scores stand in its folder.');
    return h('dl', { class: 'scores' }, names.map(name => {
        const { title, value } = score(name, metrics[name]);
        return h('div', null, h('dd', { class: 'number' }, value), h('dt', null, title));
    }));
}

/** Scores that are shares, and those of translations, which are told in hundredths too. */
const shares = {
    accuracy: 'Accuracy', span_f1: 'F1 of spans', micro_f1: 'Micro F1', macro_f1: 'Macro F1', symbols_right: 'Symbols right',
    calibration_error: 'Calibration error', calibration_error_uncalibrated: 'Calibration error before it was calibrated',
};
const hundredths = { bleu: 'BLEU', chrf: 'chrF' };

/** A score's name as people say it: valid_span_f1 is "F1 of spans, validation part". */
function score(name, value) {
    const part = name.startsWith('valid_') ? ', validation part' : name.startsWith('test_') ? ', test part' : '';
    const figure = name.replace(/^(valid|test)_/, '');
    if (figure in shares) return { title: shares[figure] + part, value: `${(value * 100).toFixed(2)} %` };
    if (figure in hundredths) return { title: hundredths[figure] + part, value: (value * 100).toFixed(2) };
    switch (figure) {
        case 'nats_a_token': return { title: `Nats a token${part}; perplexity ${Math.exp(value).toFixed(2)}`, value: value.toFixed(3) };
        case 'loss': return { title: `Loss in nats${part}`, value: value.toFixed(3) };
        default: return { title: figure.replaceAll('_', ' ') + part, value: String(Number(value.toPrecision(5))) };
    }
}

function facts(card) {
    const directions = card.bidirectional ? 'read from both ends' : card.reverse ? 'read from the end' : 'read from the beginning';
    const rows = [
        ['Network', card.cell && `${cellNames[card.cell] ?? card.cell}${card.layers ? `, ${card.layers} ${card.layers === 1 ? 'layer' : 'layers'} of ${card.hidden_size}` : ''}`],
        card.numbers ? ['Numbers', card.numbers.audio ? `sound at ${card.numbers.audio.sample_rate / 1000} kHz, ${directions}` : `${card.numbers.features} a step, ${directions}`] : ['Text', `${{ characters: 'characters', whitespace: 'words between spaces', english: 'English words', subwords: 'subwords' }[card.tokenizer] ?? card.tokenizer}, ${directions}`],
        ['Embedding', card.embedding_size],
        ['Size', [card.parameters && `${count(card.parameters)} values`, card.bytes && byteSize(card.bytes), card.dtype].filter(Boolean).join(', ')],
        ['Computed by', card.backend === 'onnxruntime' ? 'ONNX Runtime' : 'the service itself'],
        ['Licence', card.license],
    ];
    return h('dl', { class: 'facts' }, rows.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', { dir: 'auto' }, String(value)))));
}

function labels(names) {
    const chips = list => list.map((name, i) => paintCategory(h('span', { class: 'chip', dir: 'auto' }, name), i));
    const all = chips(names);
    return h('div', null, h('h4', null, `${names.length} labels`), h('div', { class: 'chips' }, all.slice(0, labelsShown)),
        names.length > labelsShown && h('details', null, h('summary', null, `${names.length - labelsShown} more`), h('div', { class: 'chips' }, all.slice(labelsShown))));
}

/** A disclosure whose content is got when it is opened, since it is seldom read. */
function lazily(title, get) {
    const place = h('div', { class: 'lazy' }), problems = h('div');
    const load = async () => {
        clearProblem(problems);
        try {
            replace(place, await get());
        } catch (problem) {
            showProblem(problems, problem, { retry: load });
        }
    };
    return h('details', { ontoggle: event => event.target.open && place.childElementCount === 0 && load() }, h('summary', null, title), problems, place);
}

const path = (card, file) => `models/${encodeURIComponent(card.name)}/${file}`;

// An image with an address of its own would be asked for without the key.
const curve = card => lazily('Training curve', async () => h('img', {
    class: 'curve', alt: `Loss and score of ${card.name} over its training`, src: `data:image/svg+xml,${encodeURIComponent(await getText(path(card, 'files/curve.svg')))}`,
}));

const readme = card => lazily('Card', async () => h('div', { class: 'readme' }, markdown(await getText(path(card, 'files/README.md')))));

function files(card) {
    const problems = h('div');
    const link = (text, file, name) => h('li', null, h('a', { href: path(card, file), download: name, onclick: event => withKey(event, file, name) }, text));

    /** A link sends no key, so the page gets the file where there is one. */
    async function withKey(event, file, name) {
        if (!hasKey())
            return;
        event.preventDefault();
        clearProblem(problems);
        try {
            download(name, await getBlob(path(card, file)));
        } catch (problem) {
            showProblem(problems, problem);
        }
    }

    return h('details', null, h('summary', null, 'Files'), problems, h('ul', null,
        link('The model as ONNX', 'onnx', `${card.name}.onnx`),
        card.files.map(file => link(file, `files/${file}`, `${card.name}-${file}`))),
    card.sha256 && h('p', { class: 'muted' }, 'SHA-256 of the weights ', h('code', { class: 'hash' }, card.sha256)));
}
