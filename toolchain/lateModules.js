// Modules that libraries load at their start for what Holdfast never asks of them: they come when they are first used.
// Of every preview and `up` that is half the time until the program runs, and half its memory.
const Module = require("node:module");

/** @type {readonly { readonly what: RegExp, readonly by: RegExp }[]} */
const late = [
    // Pulumi's SDK: TypeScript's compiler and npm's resolver, for functions that are sent to a cloud.
    { what: /^(?:typescript|@npmcli\/arborist)$/, by: /[/\\]@pulumi[/\\]pulumi[/\\]/ },
    // zod: its messages in fifty languages. English has an import of its own.
    { what: /[/\\]locales[/\\]index\.c?js$/, by: /[/\\]node_modules[/\\]zod[/\\]/ },
];

/** @typedef {{ readonly filename?: string | null } | null | undefined} Parent */
/** @typedef {(request: string, parent: Parent, ...more: unknown[]) => unknown} Load */
const loader = /** @type {{ _load: Load, _resolveFilename: Load }} */ (/** @type {unknown} */ (Module));
const load = loader._load;

/** @type {Load} */
function loadOrPutOff(request, parent, ...more) {
    const by = parent?.filename ?? "";
    if (!late.some((each) => each.what.test(request) && each.by.test(by)))
        return load.call(Module, request, parent, ...more);
    loader._resolveFilename(request, parent, ...more); // one that is missing is said at once: some look elsewhere then
    return lazily(() => /** @type {object} */ (load.call(Module, request, parent, ...more)));
}

/** @type {(loadNow: () => object) => object} Looks like an ES module, so that nobody copies its exports. */
function lazily(loadNow) {
    /** @type {object | undefined} */
    let loaded;
    const now = () => (loaded ??= loadNow());
    return new Proxy(
        {},
        {
            get: (_, name) => (name === "__esModule" ? true : Reflect.get(now(), name)),
            has: (_, name) => Reflect.has(now(), name),
        },
    );
}

loader._load = loadOrPutOff;
