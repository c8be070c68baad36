import * as Primitive from '@radix-ui/react-switch';

/** On or off, at once. `label` says what of which thing: "Send to Twitch". */
export function Switch({ label, isOn, onChange, disabled = false }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void; disabled?: boolean }) {
  return (
    <Primitive.Root className="switch" aria-label={label} checked={isOn} onCheckedChange={onChange} disabled={disabled}>
      <Primitive.Thumb className="switch-thumb" />
    </Primitive.Root>
  );
}
