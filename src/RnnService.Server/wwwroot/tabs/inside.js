import { h } from '../lib/dom.js';

export default {
    id: 'inside',
    title: 'Look inside',
    tasks: ['language_model', 'classifier', 'tagger'],

    render(root) {
        root.append(h('p', null, 'Look inside'));
    },
};
