// What the service does now: its own metrics, asked for once a second while somebody looks, and the last two minutes of them as lines.

import { get, getText, isAbort } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { lineChart } from '../lib/chart.js';
import { clearProblem, showProblem } from '../lib/problem.js';
import { count } from '../lib/text.js';
import { sums } from './prometheus.js';

/** The page's own questions would be most of what an idle service answers. */
const isOwn = series => /route="\/(metrics|health\/ready|models)"/.test(series);

const everyMilliseconds = 1000;
const keptMilliseconds = 120_000;

const rounded = value => count(Math.round(value));
const megabytes = bytes => `${rounded(bytes / 1e6)} MB`;

/** What is shown: a line a value, from one answer and the one before. */
const gauges = [
    { title: 'Tokens a second', lines: [{ label: 'written', of: rate('rnn_output_tokens_total') }, { label: 'read', of: rate('rnn_input_tokens_total') }], format: rounded },
    { title: 'Requests a second', lines: [{ label: 'answered', of: rate('rnn_requests_total') }, { label: 'refused or failed', of: rate('rnn_request_failures_total') }], format: value => value.toFixed(1) },
    { title: 'Streams', lines: [{ label: 'running', of: value('rnn_streams_active') }, { label: 'paused', of: value('rnn_streams_paused') }], format: rounded },
    { title: 'Waiting', lines: [{ label: 'requests', of: value('rnn_queue_depth') }], format: rounded },
    { title: 'Memory', lines: [{ label: 'working set', of: value('dotnet_process_memory_working_set_bytes') }], format: megabytes },
    { title: 'Processor', lines: [{ label: 'cores busy', of: rate('dotnet_process_cpu_time_seconds_total') }], format: value => value.toFixed(2) },
];

function value(name) {
    return ({ now }) => now.get(name) ?? 0;
}

function rate(name) {
    return ({ now, before, seconds }) => before ? Math.max(0, ((now.get(name) ?? 0) - (before.get(name) ?? 0)) / seconds) : null;
}

/** @returns {{ element: HTMLElement, start: () => void, stop: () => void }} */
export function liveService() {
    const problems = h('div');
    const readiness = h('p', { class: 'readiness' });
    const views = gauges.map(gaugeView);
    const board = h('div', { class: 'gauges' }, views.map(view => view.element));
    const element = h('div', { class: 'stack' }, readiness, problems, board);
    let last = null, timer, stopping = null;

    async function turn() {
        const { signal } = stopping;
        try {
            if (!document.hidden)
                await Promise.all([measure(signal), askReadiness(signal)]);
        } catch (problem) {
            if (isAbort(problem))
                return;
            views.forEach(view => view.add(performance.now(), null));
            last = null;
            if (problem.status === 404) {
                board.hidden = true;
                replace(problems, h('p', { class: 'notice' }, 'The service does not show its measurements here: /metrics is switched off, or answered on another port.'));
                return;
            }
            showProblem(problems, problem);
        }
        timer = setTimeout(turn, everyMilliseconds);
    }

    async function measure(signal) {
        const now = sums(await getText('metrics', { signal }), isOwn);
        const at = performance.now();
        views.forEach(view => view.add(at, { now, before: last?.now, seconds: (at - last?.at) / 1000 }));
        last = { now, at };
        clearProblem(problems);
    }

    async function askReadiness(signal) {
        try {
            const { status } = await get('health/ready', { signal });
            say('ready', status === 'ready' ? 'Ready: requests are answered.' : status);
        } catch (problem) {
            if (isAbort(problem))
                throw problem;
            readiness.hidden = problem.status === 404;
            say(problem.status === 503 ? 'loading' : 'gone', `Not ready: ${problem.message}`);
        }
    }

    function say(kind, text) {
        if (readiness.textContent !== text)
            replace(readiness, h('span', { class: `state ${kind}`, role: 'status' }, text));
    }

    return {
        element,
        start() {
            stopping = new AbortController();
            last = null;
            // The lines break off where nobody looked.
            views.forEach(view => view.add(performance.now(), null));
            turn();
        },
        stop() {
            stopping?.abort();
            clearTimeout(timer);
        },
    };
}

/** The present numbers of a gauge, and their lines. */
function gaugeView({ title, lines, format }) {
    const numbers = lines.map(() => h('b', { class: 'number' }, '–'));
    const place = h('div');
    const times = [], values = lines.map(() => []);
    const element = h('div', { class: 'card gauge' }, h('h3', null, title),
        h('p', { class: 'row' }, lines.map((line, i) => h('span', { class: `gauge-number line-${i + 1}` }, numbers[i], ' ', lines.length > 1 || line.label !== title ? h('small', null, line.label) : null))),
        place);
    let chart = null;

    const series = () => lines.map((line, i) => ({ label: line.label, values: values[i], format }));
    const seconds = () => times.map(time => (time - times.at(-1)) / 1000);

    function add(at, answer) {
        times.push(at);
        lines.forEach((line, i) => {
            const found = answer ? line.of(answer) : null;
            values[i].push(found);
            numbers[i].textContent = found === null ? '–' : format(found);
        });
        while (times[0] < at - keptMilliseconds)
            [times, ...values].forEach(list => list.shift());
        chart ??= lineChart(place, {
            label: `${title}, the last two minutes`, x: seconds(), series: series(), height: 105, rangeX: [-keptMilliseconds / 1000, 0],
            formatX: x => x === 0 ? 'now' : `${Math.round(x)} s`, formatY: y => format === rounded && !Number.isInteger(y) ? '' : format(y),
        });
        chart.update({ x: seconds(), series: series() });
    }

    return { element, add };
}
