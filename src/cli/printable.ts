/** Text from elsewhere, such as a program's last words, without what would move the cursor or ring the bell. */
export function printable(text: string): string {
  return text.replaceAll(/\u001b\[[0-?]*[ -/]*[@-~]/g, "").replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
