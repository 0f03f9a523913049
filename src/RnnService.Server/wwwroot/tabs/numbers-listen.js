// The microphone, piece by piece, and the service's stream that answers while one speaks.

import { get, Problem, socketProtocols, unreachable } from '../lib/api.js';

const rateOfPictures = 16_000; // samples a second that a sound is drawn from

/**
 * Opens the microphone.
 * @param {(samples: Int16Array) => void} onPiece
 * @returns {Promise<{ rate: number, close: () => void }>} rate: samples a second
 */
export async function openMicrophone(onPiece) {
    const closed = message => new Problem(message, { status: 0, type: 'microphone' });
    if (!navigator.mediaDevices)
        throw closed('Browsers open it for pages over HTTPS and on localhost alone.');
    let heard, audio;
    const close = () => {
        heard?.getTracks().forEach(track => track.stop());
        audio?.close();
    };
    try {
        heard = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false } });
        audio = new AudioContext();
        await audio.audioWorklet.addModule(new URL('numbers-worklet.js', import.meta.url));
    } catch (error) {
        close();
        throw closed({ NotAllowedError: 'The browser was told not to open it for this page.', NotFoundError: 'There is none.' }[error.name] ?? error.message);
    }

    const listener = new AudioWorkletNode(audio, 'listener', { numberOfOutputs: 0 });
    listener.port.onmessage = ({ data }) => onPiece(new Int16Array(data));
    audio.createMediaStreamSource(heard).connect(listener);
    return { rate: audio.sampleRate, close };
}

/**
 * Opens a stream of the service for 16-bit samples.
 * @param {string} model
 * @param {number} rate samples a second
 * @param {(answer: object) => void} onAnswer
 * @returns {{ send: (samples: Int16Array) => void, end: () => void, ended: Promise<void> }} ended: once the last answer is there; fails with a Problem
 */
export function openStream(model, rate, onAnswer) {
    const path = `stream/${encodeURIComponent(model)}?rate=${rate}`;
    const address = new URL(path, document.baseURI);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new WebSocket(address, socketProtocols());
    let waiting = []; // until it is open
    const send = message => waiting?.push(message) ?? (socket.readyState === WebSocket.OPEN && socket.send(message));
    const ended = new Promise((resolve, reject) => {
        let last = {};
        socket.onopen = () => {
            waiting.forEach(message => socket.send(message));
            waiting = null;
        };
        socket.onmessage = ({ data }) => {
            last = JSON.parse(data);
            if (!last.error)
                onAnswer(last);
        };
        socket.onclose = () => {
            if (last.final)
                resolve();
            else
                (waiting ? refusal(path) : Promise.resolve(last.error
                    ? new Problem(last.error, { status: last.status, type: last.error_type }) : unreachable('The connection broke off.'))).then(reject);
        };
    });
    return { send, end: () => send('{"end": true}'), ended };
}

/** Browsers tell a page nothing of why a WebSocket was refused: the same question as a plain request is refused for the same reason. */
const refusal = path => get(path).then(() => unreachable('The stream does not open.'), problem =>
    problem.type === 'malformed' ? unreachable('Something between the browser and the service lets no WebSocket through.') : problem);

/** The sound of a file, to be drawn; null where the browser cannot read it. */
export async function samplesOf(file) {
    const audio = new OfflineAudioContext(1, 1, rateOfPictures);
    try {
        const sound = await audio.decodeAudioData(await file.arrayBuffer());
        return { rate: sound.sampleRate, samples: sound.getChannelData(0) };
    } catch {
        return null; // the service says what is wrong with it
    }
}
