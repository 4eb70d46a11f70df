using Dapper;
using Deployments.Data.Evidence;
using Deployments.Data.Ledger;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>The tree over the entries, read from stored nodes, is the one over all of them.</summary>
public sealed class LedgerTreeTests
{
    static readonly int[] Sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, 600];

    [Fact]
    public async Task Roots_and_proofs_from_stored_nodes_are_those_of_all_entries()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var chain = await LedgerChain.LockAsync(connection, transaction, default);
        for (var i = 0; i < Sizes[^1]; i++)
            await chain.AddAsync(LedgerKind.Change, LedgerOrigin.Written, [i + 1], MerkleTree.LeafHash([1]), default);
        var hashes = (await connection.QueryAsync<byte[]>("select hash from ledger_entries order by number"))
            .SelectMany(hash => hash).ToArray();
        Assert.Equal(2, await connection.ExecuteScalarAsync<long>("select count(*) from ledger_nodes"));

        foreach (var size in Sizes)
        {
            var root = MerkleTree.Root(hashes.AsSpan(0, size * 32));
            Assert.Equal(root, await LedgerTree.RootAsync(connection, transaction, size, default));
            foreach (var index in Sizes.Select(other => other - 1).Where(index => index < size))
                Assert.Equal(
                    MerkleTree.InclusionPath(index, hashes.AsSpan(0, size * 32)),
                    await LedgerTree.InclusionAsync(connection, transaction, index, size, default));
            foreach (var first in Sizes.Where(first => first <= size))
            {
                var proof = await LedgerTree.ConsistencyAsync(connection, transaction, first, size, default);
                var firstRoot = MerkleTree.Root(hashes.AsSpan(0, first * 32));
                Assert.True(MerkleTree.IsConsistent(first, firstRoot, size, root, proof));
                Assert.False(MerkleTree.IsConsistent(first, MerkleTree.EmptyRoot, size, root, proof));
                Assert.False(MerkleTree.IsConsistent(first, firstRoot, size, MerkleTree.EmptyRoot, proof));
                if (first < size)
                    Assert.False(MerkleTree.IsConsistent(first, firstRoot, size, root, [.. proof, root]));
            }
        }

        await transaction.RollbackAsync();
    }

    // The vectors that implementations of Certificate Transparency share, over the leaves of MerkleTreeTests.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(6, 8,
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 5,
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void A_consistency_proof_is_that_of_the_RFC(int first, int second, params string[] proof)
    {
        var path = proof.Select(Convert.FromHexString).ToArray();
        var (old, @new) = (
            MerkleTree.Root(MerkleTreeTests.Hashes(first)), MerkleTree.Root(MerkleTreeTests.Hashes(second)));
        Assert.True(MerkleTree.IsConsistent(first, old, second, @new, path));
        for (var i = 0; i < path.Length; i++)
            Assert.False(MerkleTree.IsConsistent(first, old, second, @new, [.. path[..i], old, .. path[(i + 1)..]]));
    }
}
