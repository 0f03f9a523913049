// A file of texts dropped in, and a CSV of answers out.

import { isAbort } from '../lib/api.js';
import { formatCsv } from '../lib/csv.js';
import { announce, download, field, h, kept, replace } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';
import { count, percent, plural } from '../lib/text.js';
import { isJudged, judgeRows } from './judge-batch.js';
import { scoreBars } from './score-bars.js';
import { columnNames, readTextFile, textsOf } from './text-file.js';

const previewedRows = 10;

/**
 * @param {() => import('../lib/models.js').Card} card the model that judges
 */
export function fileJudge(card) {
    /** What was judged last, whole or in part: { name, model, labels, rows }. It outlives a reload if the browser has the room. */
    const batch = kept('judge-file', { name: '', model: '', labels: [], rows: [] });
    let table = null, run = null, started = 0, judgedBefore = 0;

    const input = h('input', { type: 'file', accept: '.txt,.csv,.tsv,.jsonl,.ndjson,text/plain,text/csv', onchange: () => input.files[0] && open(input.files[0]) });
    const choice = h('div', { class: 'stack' });
    const problems = h('div');
    const progress = h('div', { class: 'row' });
    const results = h('div', { class: 'stack' });
    const element = h('section', { class: 'card stack judge-file', 'aria-label': 'A file of texts', ondragover: dragOver, ondragleave: dragEnd, ondrop: drop },
        h('h2', null, 'A file of texts'),
        field('Drop it here or choose it: a text a line (.txt), .csv or .tsv, or .jsonl', input),
        choice, progress, problems, results);

    addEventListener('pagehide', () => batch.save());
    addEventListener('beforeunload', event => run && event.preventDefault());
    showState();

    function dragOver(event) {
        if (!event.dataTransfer.types.includes('Files'))
            return;
        event.preventDefault();
        element.classList.add('dragged');
    }

    function dragEnd() {
        element.classList.remove('dragged');
    }

    function drop(event) {
        event.preventDefault();
        dragEnd();
        if (event.dataTransfer.files[0])
            open(event.dataTransfer.files[0]);
    }

    async function open(file) {
        run?.abort();
        clearProblem(problems);
        try {
            table = await readTextFile(file);
            showChoice();
        } catch (error) {
            table = null;
            replace(choice);
            showProblem(problems, error);
        }
        input.value = ''; // so that the same file can be chosen again
    }

    function showChoice() {
        const names = columnNames(table);
        const texts = textsOf(table);
        const redo = change => event => {
            change(event.target);
            showChoice();
        };
        replace(choice,
            h('p', null, h('b', { dir: 'auto' }, table.name), `: ${plural(texts.length, 'text')}`),
            names.length > 1 && field('Column of the texts', h('select', { onchange: redo(select => table.column = Number(select.value)) },
                names.map((name, column) => h('option', { value: column, selected: column === table.column }, name)))),
            !table.fields && h('label', { class: 'check' },
                h('input', { type: 'checkbox', checked: table.header, onchange: redo(box => table.header = box.checked) }), ' The first row names the columns'),
            h('blockquote', { dir: 'auto', class: 'clipped' }, texts[0]),
            h('button', { type: 'button', class: 'primary', onclick: () => begin(texts) }, `Judge ${plural(texts.length, 'text')}`));
    }

    function begin(texts) {
        batch.value = { name: table.name, model: card().name, labels: card().labels, rows: texts.map(text => ({ text })) };
        table = null;
        replace(choice);
        goOn();
    }

    async function goOn() {
        const { rows, model } = batch.value;
        const own = run = new AbortController();
        started = performance.now();
        judgedBefore = rows.filter(isJudged).length;
        clearProblem(problems);
        showState();
        let problem = null;
        try {
            await judgeRows(rows, model, { signal: own.signal, onProgress: () => own === run && progressed(), onWait: showWait(problems) });
        } catch (error) {
            problem = error;
        }
        if (run !== own)
            return; // another file is being judged
        run = null;
        batch.save();
        clearProblem(problems);
        if (problem && !isAbort(problem))
            showProblem(problems, problem); // "Go on" stands beside it
        showState();
        announce(problem ? 'Stopped.' : 'All texts are judged.');
    }

    function progressed() {
        clearProblem(problems);
        showState();
    }

    function showState() {
        const { rows, name } = batch.value;
        const done = rows.filter(isJudged).length;
        const speed = (done - judgedBefore) / Math.max(0.001, (performance.now() - started) / 1000);
        replace(progress, rows.length > 0 && [
            h('p', { class: 'judge-progress' },
                h('progress', { max: rows.length, value: done, 'aria-label': 'Texts judged' }),
                ` ${count(done)} of ${plural(rows.length, 'text')} of `, h('b', { dir: 'auto' }, name),
                run && done > judgedBefore && `, ${count(Math.round(speed))} a second`),
            run && h('button', { type: 'button', onclick: () => run.abort() }, 'Cancel'),
            !run && done < rows.length && h('button', { type: 'button', onclick: goOn }, 'Go on'),
        ]);
        replace(results, done > 0 && [
            scoreBars('How many texts have each label', labelCounts(rows, done)).element,
            preview(rows),
            h('button', { type: 'button', onclick: () => download(answersName(name), '\ufeff' + formatCsv(answers(batch.value)), 'text/csv') },
                done < rows.length ? 'Download what is judged as CSV' : 'Download the answers as CSV'),
        ]);
    }

    return { element };
}

function labelCounts(rows, done) {
    const counts = new Map();
    for (const row of rows.filter(isJudged)) {
        const name = row.error === undefined ? row.labels[0].label : 'could not be judged';
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]).map(([name, number]) => ({ name, share: number / done, text: count(number) }));
}

function preview(rows) {
    return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'First answers' }, h('table', null,
        h('caption', null, rows.length > previewedRows ? `The first ${previewedRows}` : 'The answers'),
        h('thead', null, h('tr', null, ['text', 'label', 'score'].map(name => h('th', { scope: 'col' }, name)))),
        h('tbody', null, rows.slice(0, previewedRows).map(row => h('tr', null,
            h('td', { dir: 'auto', class: 'clipped', title: row.text }, row.text),
            row.error === undefined
                ? [h('td', { dir: 'auto' }, row.labels?.[0].label), h('td', { class: 'number' }, row.labels && percent(row.labels[0].score))]
                : h('td', { colspan: 2, class: 'error' }, row.error))))));
}

/** Records of the CSV: the text, its best label, then the score of each label. */
function answers({ rows, labels }) {
    const judged = rows.filter(isJudged);
    const names = labels.length > 0 ? labels : (judged.find(row => row.labels)?.labels ?? []).map(({ label }) => label);
    return [
        ['text', 'label', 'score', ...names, 'error'],
        ...judged.map(row => {
            const scores = new Map(row.labels?.map(({ label, score }) => [label, score]));
            return [row.text, row.labels?.[0].label, row.labels?.[0].score, ...names.map(name => scores.get(name)), row.error];
        }),
    ];
}

const answersName = name => `${name.replace(/\.[^.]+$/, '')}-judged.csv`;
