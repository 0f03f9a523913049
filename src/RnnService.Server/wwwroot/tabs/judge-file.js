// A file of texts dropped in, and a CSV of answers out.

import { isAbort } from '../lib/api.js';
import { formatCsv } from '../lib/csv.js';
import { announce, download, field, h, kept, replace, scroller, select } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';
import { count, percent, plural } from '../lib/text.js';
import { fileField } from './file-field.js';
import { isJudged, judgeRows } from './judge-batch.js';
import { scoreBars } from './score-bars.js';
import { columnNames, readTextFile, textsOf } from './text-file.js';

const previewedRows = 10;

/**
 * @param {() => import('../lib/models.js').Card} card the model that judges
 * @returns {HTMLElement}
 */
export function fileJudge(card) {
    /** What is or was judged last. It outlives a reload if the browser has the room. */
    const batch = kept('judge-file', { name: '', model: '', labels: [], rows: [] });
    let run = null, started = 0, judgedBefore = 0;

    const choice = h('div', { class: 'stack' });
    const problems = h('div');
    const progress = h('div', { class: 'row' });
    const results = h('div', { class: 'stack' });
    const element = h('section', { class: 'card stack judge-file', 'aria-label': 'A file of texts' });
    element.append(h('h2', null, 'A file of texts'),
        fileField('Drop it here or choose it: a text a line (.txt), .csv or .tsv, or .jsonl', '.txt,.csv,.tsv,.jsonl,.ndjson', element, open),
        choice, progress, problems, results);

    addEventListener('pagehide', batch.save);
    show();
    return element;

    async function open(file) {
        run?.abort();
        clearProblem(problems);
        replace(choice);
        try {
            showChoice(await readTextFile(file));
        } catch (error) {
            showProblem(problems, error, { title: 'This file cannot be read' });
        }
    }

    function showChoice(table) {
        const names = columnNames(table);
        const texts = textsOf(table);
        const change = settings => showChoice({ ...table, ...settings });
        replace(choice,
            h('p', null, h('b', { dir: 'auto' }, table.name), `: ${plural(texts.length, 'text')}`),
            names.length > 1 && field('Column of the texts', select(names.map((name, column) => [column, name]), table.column, column => change({ column: Number(column) }))),
            !table.fields && h('label', { class: 'check' },
                h('input', { type: 'checkbox', checked: table.header, onchange: event => change({ header: event.target.checked }) }),
                'The first row names the columns'),
            h('p', { dir: 'auto', class: 'clipped muted' }, texts[0]),
            h('button', { type: 'button', class: 'primary', onclick: () => begin(table.name, texts) }, `Judge ${plural(texts.length, 'text')}`));
    }

    function begin(name, texts) {
        batch.value = { name, model: card().name, labels: card().labels, several: card().multi_label, rows: texts.map(text => ({ text })) };
        replace(choice);
        goOn();
    }

    async function goOn() {
        const { rows, model } = batch.value;
        const own = run = new AbortController();
        const mine = react => (...facts) => own === run && react(...facts); // not of a run that another file has ended
        started = performance.now();
        judgedBefore = rows.filter(isJudged).length;
        clearProblem(problems);
        show();
        const options = { signal: own.signal, onProgress: mine(progressed), onWait: mine(showWait(problems)) };
        await judgeRows(rows, model, options).then(mine(ended), mine(ended));
    }

    function progressed() {
        clearProblem(problems);
        show();
    }

    function ended(problem) {
        run = null;
        batch.save();
        progressed();
        if (problem && !isAbort(problem))
            showProblem(problems, problem); // "Go on" stands beside it
        announce(problem ? 'Stopped.' : 'All texts are judged.');
    }

    function show() {
        const { rows, name, several } = batch.value;
        const done = rows.filter(isJudged).length;
        const speed = Math.round(1000 * (done - judgedBefore) / (performance.now() - started));
        const button = (label, onclick) => h('button', { type: 'button', onclick }, label);
        replace(progress, rows.length > 0 && [
            h('progress', { max: rows.length, value: done, 'aria-label': 'Texts judged' }),
            h('span', null, `${count(done)} of ${plural(rows.length, 'text')} of `, h('b', { dir: 'auto' }, name),
                run && speed > 0 && `, ${count(speed)} a second`),
            run ? button('Cancel', () => run.abort()) : done < rows.length && button('Go on', goOn),
        ]);
        replace(results, done > 0 && [
            scoreBars('How many texts have each label', labelCounts(rows, done, several)).element,
            preview(rows, several),
            button(done < rows.length ? 'Download what is judged as CSV' : 'Download the answers as CSV',
                () => download(`${name.replace(/\.[^.]+$/, '')}-judged.csv`, '\ufeff' + formatCsv(answers(batch.value)), 'text/csv')),
        ]);
    }
}

/** The labels that an answer gives: the best, or of a model of several labels a text all; none where no label fits. */
const given = (labels, several) => labels.slice(0, several ? labels.length : 1).map(({ label }) => label);

function labelCounts(rows, done, several) {
    const names = ({ labels }) => !labels ? ['not judged'] : labels.length > 0 ? given(labels, several) : ['none'];
    const groups = Map.groupBy(rows.filter(isJudged).flatMap(names), name => name);
    return [...groups].sort((a, b) => b[1].length - a[1].length).map(([name, { length }]) => ({ name, share: length / done, text: count(length) }));
}

function preview(rows, several) {
    return scroller('The first answers', h('table', null,
        h('thead', null, h('tr', null, ['text', 'label', 'score'].map(name => h('th', { scope: 'col' }, name)))),
        h('tbody', null, rows.slice(0, previewedRows).map(({ text, labels, error }) => h('tr', null,
            h('td', { dir: 'auto', class: 'clipped', title: text }, text),
            error
                ? h('td', { colspan: 2, class: 'error' }, error)
                : [h('td', { dir: 'auto' }, labels && (given(labels, several).join(', ') || 'none')), h('td', null, labels?.[0] && percent(labels[0].score))])))));
}

/** Records of the CSV: the text, its best label or all that fit, the best score, then the score of each label that was answered. */
function answers({ rows, labels, several }) {
    const judged = rows.filter(isJudged);
    const names = labels.length > 0 ? labels : (judged.find(row => row.labels)?.labels ?? []).map(({ label }) => label);
    return [
        ['text', 'label', 'score', ...names, 'error'],
        ...judged.map(row => {
            const best = row.labels?.[0];
            return [row.text, row.labels && given(row.labels, several).join(';'), best?.score, ...names.map(name => row.labels?.find(({ label }) => label === name)?.score), row.error];
        }),
    ];
}
