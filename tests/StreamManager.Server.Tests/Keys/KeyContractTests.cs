using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Keys;

public sealed class SqliteKeyIdsContractTests(SqliteSource source) : KeyIdsContract(source), IClassFixture<SqliteSource>;

public sealed class RedisKeyIdsContractTests(RedisSource source) : KeyIdsContract(source), IClassFixture<RedisSource>;

public sealed class SqliteSignedUrlsContractTests(SqliteSource source) : SignedUrlsContract(source), IClassFixture<SqliteSource>;

public sealed class RedisSignedUrlsContractTests(RedisSource source) : SignedUrlsContract(source), IClassFixture<RedisSource>;

public sealed class SqliteStreamKeyRingContractTests(SqliteSource source) : StreamKeyRingContract(source), IClassFixture<SqliteSource>;

public sealed class RedisStreamKeyRingContractTests(RedisSource source) : StreamKeyRingContract(source), IClassFixture<RedisSource>;

public sealed class SqliteKeyEditContractTests(SqliteSource source) : KeyEditContract(source), IClassFixture<SqliteSource>;

public sealed class RedisKeyEditContractTests(RedisSource source) : KeyEditContract(source), IClassFixture<RedisSource>;
