import { h } from '../lib/dom.js';

export default {
    id: 'write',
    title: 'Write',
    tasks: ['language_model'],

    render(root) {
        root.append(h('p', null, 'Write'));
    },
};
