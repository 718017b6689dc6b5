/** A command `crontab` that keeps what it is given in a file, as strict as Debian's with it. */
const PROGRAM = `#!/bin/sh
here=\${0%/*}
store=$here/store
echo "$*" >> "$here/calls"
if [ -e "$here/says" ]; then
  cat "$here/says" >&2
  exit 1
fi
if [ "$1" = -l ] || [ "$1" = -r ]; then
  if [ ! -e "$store" ]; then
    echo "no crontab for ada" >&2
    exit 1
  fi
  if [ "$1" = -l ]; then sed 's/\\r/\\\\r/g' "$store"; else rm "$store"; fi
  exit
fi
if [ "$1" = -e ]; then
  cp "$store" "$here/edited"
  exec $VISUAL "$here/edited"
fi
[ "$*" = - ] || exit 2
cat > "$here/new"
if [ -n "$(tail -c 1 "$here/new")" ]; then
  echo "new crontab file is missing newline before EOF, can't install." >&2
  exit 1
fi
field='[0-9*/,-]+[ \t]+'
bad=$(LC_ALL=C grep -nvaE "^[ \t]*(#.*)?\r?$|^[A-Z_]+ *=|^[ \t]*($field){5}[^ ]" "$here/new")
[ -n "$bad" ] || bad=$(LC_ALL=C awk 'length > 1020 { print NR }' "$here/new")
if [ -n "$bad" ]; then
  echo "\\"-\\":\${bad%%:*}: bad line" >&2
  echo "errors in crontab file, can't install." >&2
  exit 1
fi
mv "$here/new" "$store"
`;

/** A user's crontab under a folder. */
export class FakeCrontab {
  /** Tasks find it by this. */
  readonly env: Record<string, string>;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.env = { PATH: `${folder}:${Deno.env.get("PATH")}` };
  }

  static async install(folder: string): Promise<FakeCrontab> {
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/crontab`, PROGRAM, { mode: 0o755 });
    return new FakeCrontab(folder);
  }

  get program(): string {
    return `${this.#folder}/crontab`;
  }

  /** Give what it holds; undefined where there is no crontab. */
  async read(): Promise<Uint8Array | undefined> {
    return await Deno.readFile(`${this.#folder}/store`).catch(() => undefined);
  }

  async text(): Promise<string | undefined> {
    const bytes = await this.read();
    return bytes && new TextDecoder().decode(bytes);
  }

  async write(crontab: Uint8Array | string): Promise<void> {
    const bytes = typeof crontab === "string" ? new TextEncoder().encode(crontab) : crontab;
    await Deno.writeFile(`${this.#folder}/store`, bytes);
  }

  /** Let it refuse everything with a message. */
  async refuse(message: string): Promise<void> {
    await Deno.writeTextFile(`${this.#folder}/says`, message);
  }

  /** Give with which arguments it was called. */
  async calls(): Promise<string[]> {
    return (await Deno.readTextFile(`${this.#folder}/calls`)).trimEnd().split("\n");
  }
}
