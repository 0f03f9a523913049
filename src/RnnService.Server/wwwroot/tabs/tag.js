import { h } from '../lib/dom.js';

export default {
    id: 'tag',
    title: 'Tag',
    tasks: ['tagger'],

    render(root) {
        root.append(h('p', null, 'Tag'));
    },
};
