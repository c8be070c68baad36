import * as Menu from '@radix-ui/react-dropdown-menu';
import { Ellipsis, type LucideIcon } from 'lucide-react';
import { useRef } from 'react';
import { Button } from './button';

export interface RowAction {
  title: string;
  icon: LucideIcon;
  onSelect: () => void;
  /** It cannot be taken back. */
  isDanger?: boolean;
}

/** What else can be done with a row. `label` names the row: "More for Twitch". */
export function RowMenu({ label, actions }: { label: string; actions: readonly RowAction[] }) {
  // Done when the menu has given the focus back to its button: a dialog that an entry opens gives it back there, too.
  const chosen = useRef<RowAction['onSelect'] | null>(null);
  if (actions.length === 0) return null;
  return (
    // Not modal: the modal form locks scrolling by a style element, which the content security policy forbids.
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <Button look="quiet" className="button-icon" aria-label={label}>
          <Ellipsis size={18} aria-hidden />
        </Button>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          className="menu"
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={() => {
            chosen.current?.();
            chosen.current = null;
          }}
        >
          {actions.map(({ title, icon: Icon, onSelect, isDanger }) => (
            <Menu.Item key={title} className={isDanger === true ? 'menu-item menu-item-danger' : 'menu-item'} onSelect={() => (chosen.current = onSelect)}>
              <Icon size={16} aria-hidden />
              {title}
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
