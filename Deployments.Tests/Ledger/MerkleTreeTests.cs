using Deployments.Data.Ledger;

namespace Deployments.Tests.Ledger;

/// <summary>The trees of RFC 6962, by the vectors that implementations of Certificate Transparency share.</summary>
public sealed class MerkleTreeTests
{
    static readonly byte[][] Leaves =
    [.. new[]
    {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    }.Select(Convert.FromHexString)];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void A_root_is_that_of_the_RFC(int size, string root) =>
        Assert.Equal(root, Convert.ToHexStringLower(MerkleTree.Root(Hashes(size))));

    [Theory]
    [InlineData(0, 1, "")]
    [InlineData(0, 8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(5, 8,
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(1, 5,
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void An_inclusion_path_is_that_of_the_RFC(int index, int size, params string[] path) => Assert.Equal(
        path.Where(hash => hash.Length > 0),
        MerkleTree.InclusionPath(index, Hashes(size)).Select(Convert.ToHexStringLower));

    [Fact]
    public void Each_leaf_of_each_tree_is_proved_and_nothing_else_is()
    {
        for (var size = 1; size <= Leaves.Length; size++)
        {
            var root = MerkleTree.Root(Hashes(size));
            for (var index = 0; index < size; index++)
            {
                var path = MerkleTree.InclusionPath(index, Hashes(size));
                Assert.Equal(root, Root(Leaves[index], index, size, path));
                Assert.NotEqual(root, Root([9], index, size, path));
                for (var other = 0; other < size; other++)
                    Assert.Equal(other == index, root.SequenceEqual(Root(Leaves[index], other, size, path) ?? []));
                Assert.Null(Root(Leaves[index], index, size, [.. path, root]));
                Assert.Null(Root(Leaves[index], size, size, path));
                if (path.Length > 0)
                    Assert.Null(Root(Leaves[index], index, size, path[..^1]));
            }
        }
    }

    static byte[]? Root(byte[] leaf, long index, long size, byte[][] path) =>
        MerkleTree.RootOrNull(MerkleTree.LeafHash(leaf), index, size, path);

    internal static byte[] Hashes(int size) => [.. Leaves.Take(size).SelectMany(leaf => MerkleTree.LeafHash(leaf))];
}
