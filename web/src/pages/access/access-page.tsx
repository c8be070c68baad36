import { PageHead } from '../../app/page-head';
import { useCaller, useMay } from '../../session/session';
import { PasswordCard } from './password-card';
import { SessionsCard } from './sessions-card';
import { TokensCard } from './tokens-card';
import { UsersCard } from './users-card';
import './access.css';

/** Who may come in, and by what. */
export default function AccessPage() {
  const me = useCaller();
  const mayAdminister = useMay('administer');
  return (
    <>
      <PageHead title="Users and tokens" lead="Who may log in, which scripts may act for whom, and where you are logged in yourself." />
      <div className="stack access">
        {mayAdminister && <UsersCard />}
        <TokensCard />
        <SessionsCard />
        {me.user !== null && <PasswordCard name={me.user.name} />}
      </div>
    </>
  );
}
