import { field, h } from '../lib/dom.js';

/**
 * A field for a file, which may as well be dropped on a place around it; that has the class `dragged` meanwhile.
 * @param {string} label
 * @param {string} accept endings and media types, as the browser's own dialogue takes them
 * @param {HTMLElement} place
 * @param {(file: File) => void} onFile
 */
export function fileField(label, accept, place, onFile) {
    const dragged = on => event => {
        event.preventDefault();
        place.classList.toggle('dragged', on);
    };
    const take = ([file]) => file && onFile(file);
    place.addEventListener('dragover', dragged(true));
    place.addEventListener('dragleave', dragged(false));
    place.addEventListener('drop', event => {
        dragged(false)(event);
        take(event.dataTransfer.files);
    });
    return field(label, h('input', {
        type: 'file',
        accept,
        onchange({ target }) {
            take(target.files);
            target.value = ''; // so that the same file can be chosen again
        },
    }));
}
