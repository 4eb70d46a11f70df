using System.Runtime.CompilerServices;
using Dapper;

namespace Deployments.Tests.Support;

/// <summary>
/// Every test has a database of its own, all of one schema. Dapper compiles its readers for each connection string,
/// and each would be compiled again for each test.
/// </summary>
static class OneSchema
{
    [ModuleInitializer]
    internal static void ShareReaders() => SqlMapper.ConnectionStringComparer = new AllEqual();

    sealed class AllEqual : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => true;

        public int GetHashCode(string obj) => 0;
    }
}
