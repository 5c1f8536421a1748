/** Docker, and its deployments after a boot. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planDockerHost } from "./plan";
import { checkDocker, resolveDocker, schema } from "./settings";

export const docker = {
    component: "DockerHost",
    setting: "docker",
    roles: ["docker"],
    managed: "where declared",
    sendsMail: true,
    risk: "none",
    files: {
        "/etc/docker/daemon.json": {},
        "/etc/holdfast/docker.json": {},
        "/etc/systemd/system/docker.service.d/holdfast.conf": {},
        "/etc/systemd/system/holdfast-docker.service": {},
        "/etc/systemd/system/holdfast-docker.timer": {},
        "/etc/systemd/system/holdfast-redeploy.service": {},
        "/usr/local/lib/holdfast/redeploy": {},
    },
    codes: { "docker-refused": "dockerd refuses its configuration" },
    schema,
    check: checkDocker,
    resolve: resolveDocker,
    plan: planDockerHost,
} as const satisfies ConcernDefinition;
