// The public API, relative to the page so that it works behind a path prefix. Every failure is a Problem.

/** What went wrong with a call. */
export class Problem extends Error {
    /**
     * @param {object} facts
     * @param {number} facts.status the HTTP status, 0 without an answer
     * @param {string} facts.type the service's error_type, or `unreachable`
     * @param {Object<string, string[]>} [facts.errors] messages by field
     * @param {number | null} [facts.retryAfter] seconds
     * @param {string} [facts.traceId] finds the request in the service's log
     */
    constructor(message, { status, type, errors = {}, retryAfter = null, traceId = '' }) {
        super(message);
        Object.assign(this, { status, type, errors, retryAfter, traceId });
    }

    /** Whether the same request may well be answered a little later. */
    get passes() {
        return this.status === 429 || this.status === 503;
    }
}

/** Whether an error is only that somebody stopped the call. */
export const isAbort = error => error?.name === 'AbortError';

/** Whether another key, or any, would help. */
export const needsKey = problem => problem.status === 401 || problem.status === 403;

/** Sends `call` when a call has been made, and `key` when the service asks for one. */
export const apiEvents = new EventTarget();

/**
 * The last call that did something, for the code panel.
 * @type {{ path: string, body: object, streamed: boolean } | null}
 */
export let lastCall = null;

const keyName = 'rnn-playground:key';
let key = readKey();

function readKey() {
    try {
        return sessionStorage.getItem(keyName) ?? '';
    } catch {
        return '';
    }
}

export const hasKey = () => key !== '';

/** Sets the key that every call sends as a bearer token; kept until the browser's tab is closed. */
export function setKey(value) {
    key = value.trim();
    try {
        sessionStorage.setItem(keyName, key);
    } catch {
        // Without storage it holds until the page is left.
    }
    apiEvents.dispatchEvent(new Event('keychange'));
}

/** The subprotocols that a WebSocket of the service is asked for with: browsers send no headers of a page's with it, so that the key goes in them. */
export const socketProtocols = () => key === '' ? []
    : ['rnn-stream', `key.${btoa(String.fromCharCode(...new TextEncoder().encode(key))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`];

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] stops the call
 * @property {boolean} [retry] whether 429 and 503 are tried again after Retry-After
 * @property {(seconds: number, problem: Problem) => void} [onWait] told before each such wait
 * @property {(text: string) => void} [onWarning] told what of the text the model could not read
 * @property {boolean} [remember] whether the code panel shows this call; true for JSON that is posted
 */

/** Posts JSON, or a blob as it is, and gives the JSON that comes back. */
export async function post(path, body, options = {}) {
    return parse(await send(path, body, false, options));
}

/** Gets JSON. */
export async function get(path, options = {}) {
    return parse(await send(path, undefined, false, options));
}

/** Gets text. */
export async function getText(path, options = {}) {
    return (await send(path, undefined, false, options)).text();
}

/** Gets a file as it is. */
export async function getBlob(path, options = {}) {
    return (await send(path, undefined, false, options)).blob();
}

/**
 * Posts JSON and reads the server-sent events that come back, one JSON value each.
 * @param {CallOptions & { onEvent: (event: object) => void }} options
 */
export async function stream(path, body, options) {
    const response = await send(path, body, true, options);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffered = '';
    for (;;) {
        const { done, value } = await read(reader, options.signal);
        if (done)
            return;
        buffered += value;
        const events = buffered.split(/\r?\n\r?\n/);
        buffered = events.pop();
        for (const event of events)
            dispatch(event, options.onEvent);
    }
}

async function read(reader, signal) {
    try {
        return await reader.read();
    } catch (error) {
        throw signal?.aborted ? abortError() : unreachable('The connection broke off before the text was whole.');
    }
}

function dispatch(event, onEvent) {
    const data = event.split(/\r?\n/).filter(line => line.startsWith('data:')).map(line => line.slice(5)).join('\n');
    if (data === '')
        return;
    const value = JSON.parse(data);
    if (value.error)
        throw new Problem(value.error, { status: value.status ?? 500, type: value.error_type ?? 'internal' });
    onEvent(value);
}

/**
 * Adds a script that is no module, or a style, of the page's own files, and waits until it is there.
 * @param {'script' | 'link'} tag
 * @param {string} path below the page's folder
 */
export function loadPart(tag, path) {
    const address = new URL(`../${path}`, import.meta.url).href;
    const element = Object.assign(document.createElement(tag), tag === 'link' ? { rel: 'stylesheet', href: address } : { src: address });
    return new Promise((resolve, reject) => {
        element.onload = resolve;
        element.onerror = () => {
            element.remove();
            reject(unreachable('The service does not answer.'));
        };
        document.head.append(element);
    });
}

async function send(path, body, streamed, { signal, retry = false, onWait, onWarning, remember = body !== undefined && !(body instanceof Blob) }) {
    if (remember) {
        lastCall = { path, body, streamed };
        apiEvents.dispatchEvent(new Event('call'));
    }

    for (;;) {
        const response = await request(path, body, signal);
        if (response.ok) {
            const warning = response.headers.get('X-Rnn-Warning');
            if (warning)
                onWarning?.(warning);
            return response;
        }

        const problem = await problemOf(response);
        if (needsKey(problem))
            apiEvents.dispatchEvent(new Event('key'));
        if (!retry || !problem.passes)
            throw problem;
        const seconds = problem.retryAfter ?? 1;
        onWait?.(seconds, problem);
        await pause(seconds * 1000, signal);
    }
}

async function request(path, body, signal) {
    const headers = {}, isFile = body instanceof Blob;
    if (body !== undefined)
        headers['Content-Type'] = isFile ? body.type : 'application/json';
    if (key)
        headers.Authorization = `Bearer ${key}`;
    try {
        return await fetch(path, { method: body === undefined ? 'GET' : 'POST', headers, body: isFile ? body : body && JSON.stringify(body), signal, cache: 'no-store' });
    } catch (error) {
        throw isAbort(error) || signal?.aborted ? abortError() : unreachable('The service does not answer.');
    }
}

async function parse(response) {
    try {
        return await response.json();
    } catch (error) {
        throw isAbort(error) ? error : unreachable('The answer broke off or is not JSON.');
    }
}

async function problemOf(response) {
    let body = {};
    try {
        body = await response.json();
    } catch {
        // A proxy in between, or Kestrel itself, answers without a problem's body.
    }

    const retryAfter = Number.parseFloat(response.headers.get('Retry-After'));
    return new Problem(body.detail ?? body.error ?? `The service answers with status ${response.status}.`, {
        status: response.status,
        type: body.error_type ?? '',
        errors: body.errors ?? {},
        retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
        traceId: body.traceId ?? response.headers.get('X-Request-Id') ?? '',
    });
}

/** A part of the page that did not come, or a service that says nothing. */
export const unreachable = message => new Problem(message, { status: 0, type: 'unreachable' });
const abortError = () => new DOMException('stopped', 'AbortError');

/** Waits; a signal ends the wait with an AbortError. */
function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const timer = setTimeout(done, milliseconds);
        signal?.addEventListener('abort', stopped, { once: true });
        function done() {
            signal?.removeEventListener('abort', stopped);
            resolve();
        }
        function stopped() {
            clearTimeout(timer);
            reject(abortError());
        }
    });
}
