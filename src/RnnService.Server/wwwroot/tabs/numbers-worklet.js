// Runs where the browser hears: passes on what the microphone gives, as signed integers of 16 bits and a tenth of a second at a time.

const size = Math.round(sampleRate / 10);

registerProcessor('listener', class extends AudioWorkletProcessor {
    #piece = new Int16Array(size);
    #filled = 0;

    process([[channel]]) {
        for (const sample of channel ?? []) {
            this.#piece[this.#filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
            if (this.#filled === size) {
                this.port.postMessage(this.#piece.buffer, [this.#piece.buffer]);
                this.#piece = new Int16Array(size);
                this.#filled = 0;
            }
        }
        return true;
    }
});
