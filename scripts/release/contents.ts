/** What may be in the package, and how big it may be: what slips in is refused, not published. */

export interface Packed {
    readonly path: string;
    /** Bytes. */
    readonly size: number;
    /** Of the file's permissions. */
    readonly mode: number;
}

const allowed: readonly RegExp[] = [
    /^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json)$/,
    /^dist\/(?:config|projectFile|stack)\.(?:js|d\.ts)$/,
    /^dist\/package\.json$/,
    /^dist\/(?:cli|components|construct|model|provider|render|vm)\/[\w/-]+\.(?:js|d\.ts|json|py)$/,
    /^dist\/alerts\/holdfast-\w+\.rules\.yml$/,
    // What a node or a lab's image gets, under its real name.
    /^dist\/(?:host|lab|programs|templates)\/[\w./@-]+$/,
    /^dist\/toolchain\/[\w/-]+\.(?:js|d\.ts|go|mod|sum)$/,
    /^cli\/holdfast\.js$/,
    /^provider\/(?:proxmoxve\/)?pulumi-resource-\w+$/,
    /^schema\/[\w.-]+\.json$/,
    /^docs\/[\w/-]+\.md$/,
    /^starter\/[\w./-]+$/,
    /^\.github\/workflows\/(?:lint|preview|drift)\.yml$/,
    /^\.gitlab-ci\.yml$/,
];
/** Bytes; a quarter more than the first release had. */
const limits = { file: 300_000, whole: 4_500_000, tarball: 1_300_000 };
const executables =
    /^(?:cli\/holdfast\.js|provider\/(?:proxmoxve\/)?pulumi-resource-\w+|starter\/githooks\/.*|dist\/(?:lab|programs|toolchain|host)\/.*)$/;
/** Without these nothing runs. */
const needed = [
    "cli/holdfast.js",
    "provider/pulumi-resource-holdfast",
    "dist/stack.js",
    "dist/cli/main.js",
    "dist/provider/main.js",
    "dist/host/node/main.py",
    "dist/toolchain/loadTypeScript.js",
    "dist/templates/etc/hosts.hbs",
    "dist/alerts/holdfast-up.rules.yml",
    "starter/gitignore",
    "CHANGELOG.md",
];

/** One line for each fault. @param tarball bytes of the whole, packed */
export function faultsOfContents(files: readonly Packed[], tarball: number): string[] {
    const sum = files.reduce((bytes, { size }) => bytes + size, 0);
    return [
        ...files.flatMap(({ path, size, mode }) => [
            ...(allowed.some((pattern) => pattern.test(path)) ? [] : [`${path}: does not belong into the package`]),
            ...(size > limits.file ? [`${path}: ${size} bytes, at most ${limits.file}`] : []),
            ...((mode & 0o111) !== 0 && !executables.test(path) ? [`${path}: is executable`] : []),
        ]),
        ...needed.filter((path) => !files.some((file) => file.path === path)).map((path) => `${path}: is missing`),
        ...(sum > limits.whole ? [`the whole: ${sum} bytes, at most ${limits.whole}`] : []),
        ...(tarball > limits.tarball ? [`the tarball: ${tarball} bytes, at most ${limits.tarball}`] : []),
    ];
}

/** `SIZE PATH`, by path. */
export function renderContents(files: readonly Packed[]): string {
    return [...files]
        .sort((one, other) => (one.path < other.path ? -1 : 1))
        .map(({ path, size }) => `${String(size).padStart(8)} ${path}\n`)
        .join("");
}
