// Plays a tune by the browser's own oscillators, on the clock of the sound, and marks the notes that sound.

const ahead = 1.2; // seconds that are given to the sound card at once: in the background, timers come once a second
const attack = 0.012, release = 0.06, loudest = 0.22; // of a note: seconds, seconds, share

/**
 * @param {() => void} changed called when it begins, rests, or has come to the end
 */
export function tunePlayer(changed) {
    let tune = null, audio = null, output = null;
    let position = 0, since = 0, speed = 1; // seconds of the tune that were played at a time of the clock
    let timer = 0, frame = 0, next = 0, marked = [];

    const isPlaying = () => timer !== 0;
    const now = () => isPlaying() ? position + (audio.currentTime - since) * speed : position;

    /** Takes another tune, from its beginning. */
    function load(another) {
        stop();
        tune = another;
        position = 0;
        changed();
    }

    async function play() {
        if (isPlaying() || !tune?.notes.length)
            return;
        audio ??= new AudioContext();
        await audio.resume();
        if (position >= tune.seconds)
            position = 0;
        output = new GainNode(audio, { gain: 1 });
        output.connect(audio.destination);
        since = audio.currentTime + 0.05;
        next = tune.notes.findIndex(({ at }) => at >= position - 1e-3);
        timer = setInterval(schedule, 100);
        schedule();
        mark();
        changed();
    }

    /** Rests, or stops at the end; what has been given to the sound card is taken back. */
    function stop() {
        if (!isPlaying())
            return;
        position = now();
        clearInterval(timer);
        cancelAnimationFrame(frame);
        timer = 0;
        output.gain.setTargetAtTime(0, audio.currentTime, 0.01);
        setTimeout(silence => silence.disconnect(), 200, output);
        highlight([]);
        changed();
    }

    function schedule() {
        for (; next >= 0 && next < tune.notes.length && tune.notes[next].at < now() + ahead * speed; next++)
            sound(tune.notes[next]);
        if (now() >= tune.seconds) {
            stop();
            position = 0;
        }
    }

    function sound({ at, seconds, pitch, volume }) {
        const begin = Math.max(audio.currentTime, since + (at - position) / speed), end = begin + seconds / speed;
        const level = loudest * volume / 127;
        const envelope = new GainNode(audio, { gain: 0 });
        envelope.gain.setValueAtTime(0, begin);
        envelope.gain.linearRampToValueAtTime(level, begin + attack);
        envelope.gain.setTargetAtTime(level * 0.45, begin + attack, 0.18);
        envelope.gain.setTargetAtTime(0, end - 0.02, release / 3);
        const tone = new OscillatorNode(audio, { type: 'triangle', frequency: 440 * 2 ** ((pitch - 69) / 12) });
        tone.connect(envelope).connect(output);
        tone.onended = () => envelope.disconnect();
        tone.start(begin);
        tone.stop(end + release);
    }

    function mark() {
        const at = now();
        highlight(tune.marks.findLast(mark => mark.at <= at)?.elements ?? []);
        frame = requestAnimationFrame(mark);
    }

    function highlight(elements) {
        if (elements === marked)
            return;
        marked.forEach(element => element.classList.remove('sounding'));
        elements.forEach(element => element.classList.add('sounding'));
        marked = elements;
    }

    return {
        load, play, stop,
        get playing() { return isPlaying(); },
        /** 1 as the tune says. */
        set speed(value) {
            const going = isPlaying();
            stop();
            speed = value;
            if (going)
                play();
        },
    };
}
