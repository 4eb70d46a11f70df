using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SharpCompress.Compressors.BZip2;

namespace Deployments.Tests.Feeds;

/// <summary>Small package files with manifests, made by hand.</summary>
static class PackageHeads
{
    /// <summary>A tar archive (ustar) of files.</summary>
    public static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using var tar = new MemoryStream();
        foreach (var (name, content) in files)
        {
            var header = new byte[512];
            Encoding.UTF8.GetBytes(name).CopyTo(header, 0);
            Encoding.ASCII.GetBytes("0000644\0").CopyTo(header, 100);
            Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0')).CopyTo(header, 124);
            Encoding.ASCII.GetBytes("00000000000").CopyTo(header, 136);
            header[156] = (byte)'0';
            Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(header, 257);
            header.AsSpan(148, 8).Fill((byte)' ');
            var sum = header.Sum(octet => octet);
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
            tar.Write(header);
            tar.Write(content);
            tar.Write(new byte[(512 - (content.Length % 512)) % 512]);
        }

        tar.Write(new byte[1024]);
        return tar.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    public static byte[] TarGz(params (string Name, byte[] Content)[] files) => Gzip(Tar(files));

    public static byte[] Zstd(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zstd = new SharpCompress.Compressors.ZStandard.CompressionStream(packed, 19, 0, true))
            zstd.Write(content);
        return packed.ToArray();
    }

    public static byte[] Bzip2(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var bzip2 = BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Compress, false, true))
            bzip2.Write(content);
        return packed.ToArray();
    }

    /// <summary>What a Conda package says of itself.</summary>
    public static byte[] CondaManifest(string name, string version, string build, string subdir) => Given.Bytes(
        $$"""
        {"name":"{{name}}","version":"{{version}}","build":"{{build}}","build_number":0,"subdir":"{{subdir}}",
         "depends":["python >=3.9"],"license":"MIT"}
        """);

    /// <summary>A Conda package of the newer kind: a zip file with the archive that describes it.</summary>
    public static byte[] Conda(string name, string version, string build, string subdir) => Given.Zip(
        ("metadata.json", Given.Bytes("""{"conda_pkg_format_version":2}""")),
        ($"pkg-{name}-{version}-{build}.tar.zst", Zstd(Tar(("x", Given.Bytes("x"))))),
        ($"info-{name}-{version}-{build}.tar.zst", Zstd(Tar(
            ("info/LICENSE", new byte[2000]), ("info/index.json", CondaManifest(name, version, build, subdir))))));

    /// <summary>A Debian package whose control archive is this member.</summary>
    public static byte[] Deb(string memberName, byte[] controlArchive)
    {
        using var ar = new MemoryStream();
        ar.Write("!<arch>\n"u8);
        var data = TarGz(("./usr/share/doc/x", Given.Bytes("x")));
        foreach (var (name, content) in new[]
                 {
                     ("debian-binary", Given.Bytes("2.0\n")), (memberName, controlArchive), ("data.tar.gz", data),
                 })
        {
            ar.Write(Encoding.ASCII.GetBytes($"{name,-16}{0,-12}{0,-6}{0,-6}{100644,-8}{content.Length,-10}`\n"));
            ar.Write(content);
            if (content.Length % 2 == 1)
                ar.WriteByte((byte)'\n');
        }

        return ar.ToArray();
    }

    /// <summary>A Debian package with this control file.</summary>
    public static byte[] Deb(string control) =>
        Deb("control.tar.gz", TarGz(("./control", Given.Bytes(control))));

    /// <summary>The head of an RPM: lead, an empty signature, and a header with the names.</summary>
    public static byte[] Rpm(string name, int? epoch, string version, string release, string arch,
        bool isSource = false, string? sourceRpm = null)
    {
        var values = new List<byte>();
        var entries = new List<byte>();
        var count = 0;
        void Add(int tag, int type, byte[] value)
        {
            while (type == 4 && values.Count % 4 != 0)
                values.Add(0);
            var entry = new byte[16];
            BinaryPrimitives.WriteInt32BigEndian(entry, tag);
            BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(4), type);
            BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(8), values.Count);
            BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(12), 1);
            entries.AddRange(entry);
            values.AddRange(value);
            count++;
        }

        void AddText(int tag, string text) => Add(tag, 6, Given.Bytes(text + "\0"));

        AddText(1000, name);
        AddText(1001, version);
        AddText(1002, release);
        if (epoch is { } number)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, number);
            Add(1003, 4, bytes);
        }

        AddText(1022, arch);
        if (!isSource)
            AddText(1044, sourceRpm ?? $"{name}-{version}-{release}.src.rpm");
        var lead = new byte[96];
        new byte[] { 0xED, 0xAB, 0xEE, 0xDB, 3, 0 }.CopyTo(lead, 0);
        return [.. lead, .. Header(0, 0), .. Header(count, values.Count), .. entries, .. values, .. new byte[1000]];

        static byte[] Header(int entryCount, int length)
        {
            var header = new byte[16];
            new byte[] { 0x8E, 0xAD, 0xE8, 1 }.CopyTo(header, 0);
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), entryCount);
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), length);
            return header;
        }
    }
}
