using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

public sealed class SqliteCredentialContractTests(SqliteSource source) : CredentialContract(source), IClassFixture<SqliteSource>;

public sealed class RedisCredentialContractTests(RedisSource source) : CredentialContract(source), IClassFixture<RedisSource>;

public sealed class SqliteDamagedAccountContractTests(SqliteSource source) : DamagedAccountContract(source), IClassFixture<SqliteSource>;

public sealed class RedisDamagedAccountContractTests(RedisSource source) : DamagedAccountContract(source), IClassFixture<RedisSource>;

public sealed class SqliteLoginContractTests(SqliteSource source) : LoginContract(source), IClassFixture<SqliteSource>;

public sealed class RedisLoginContractTests(RedisSource source) : LoginContract(source), IClassFixture<RedisSource>;

public sealed class SqliteUserBookContractTests(SqliteSource source) : UserBookContract(source), IClassFixture<SqliteSource>;

public sealed class RedisUserBookContractTests(RedisSource source) : UserBookContract(source), IClassFixture<RedisSource>;

public sealed class SqliteUserLinkContractTests(SqliteSource source) : UserLinkContract(source), IClassFixture<SqliteSource>;

public sealed class RedisUserLinkContractTests(RedisSource source) : UserLinkContract(source), IClassFixture<RedisSource>;
