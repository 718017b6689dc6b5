/**
 * Give the time zone of the machine, in which cron reads its lines, as an IANA name.
 *
 * It is not the `TZ` of a shell: cron was started without it. The files `localtime` and `timezone`
 * name it (localtime(5)); otherwise the runtime does.
 */
export function machineZone(localtime = "/etc/localtime", timezone = "/etc/timezone"): string {
  for (const read of [() => linkedZone(localtime), () => Deno.readTextFileSync(timezone).trim()]) {
    const zone = found(read);
    if (zone && isKnown(zone)) return zone;
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** On some systems another link leads into the folder of all zones. */
function linkedZone(path: string): string | undefined {
  const target = [Deno.readLinkSync(path), Deno.realPathSync(path)]
    .find((target) => target.includes("/zoneinfo/"));
  return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(target ?? "")?.[1];
}

function found(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    // No such file, or none that is a link: the next way is tried.
    return undefined;
  }
}

function isKnown(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
