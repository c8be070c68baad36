import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import { PageHead } from '../../app/page-head';
import { useCaller, useMay } from '../../session/session';
import { Together } from '../../ui/query';
import { PasswordCard } from './password-card';
import { SessionsCard } from './sessions-card';
import { TokensCard } from './tokens-card';
import { UsersCard } from './users-card';
import './access.css';

/** Who may come in, and by what. */
export default function AccessPage() {
  const me = useCaller();
  const mayAdminister = useMay('administer');
  const users = useQuery({ queryKey: ['users'], queryFn: () => api.get('/api/users'), enabled: mayAdminister });
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => api.get('/api/tokens') });
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => api.get('/api/sessions') });
  return (
    <>
      <PageHead title="Users and tokens" lead="Who may log in, which scripts may act for whom, and where you are logged in yourself." />
      <Together queries={[users, tokens, sessions]} height={560}>
        <div className="stack access">
          {mayAdminister && <UsersCard />}
          <TokensCard />
          <SessionsCard />
          {me.user !== null && <PasswordCard name={me.user.name} />}
        </div>
      </Together>
    </>
  );
}
