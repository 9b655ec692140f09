using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Kd.Core.Randomness;
using Kd.Protocol.Teacher.V1;
using Kd.Tests;
using Kd.Training.Diagnostics;
using Kd.Training.Shards;
using Kd.Vision.Views;
using Parquet;
using Parquet.Schema;

namespace Kd.Training.Tests.Shards;

public sealed class LabelFileTests
{
    private const int Classes = 7;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void ReadLabels_WrittenFile_GivesTheSameLabels(int top)
    {
        using var folder = TestFiles.CreateFolder();
        // More views than one batch has.
        var (layout, views) = (Layout(top), Views(3 * LabelFile.BatchOf(Layout(top)) + 5));
        var labels = Labels(layout, views.Length);
        LabelFile.Write(folder.File("labels.parquet"), layout, views, labels);

        var (read, ids) = (new List<(ViewId View, byte[] Label)>(), new List<ViewId>());
        LabelReader.Read(
            folder.File("labels.parquet"),
            reader =>
            {
                Assert.Equal((top, layout.Teacher), (reader.Layout.Top, reader.Layout.Teacher));
                reader.ReadLabels((view, label) => read.Add((view, label.ToArray())));
                reader.ReadViews(ids.Add);
            }
        );

        Assert.Equal(views, read.Select(entry => entry.View));
        Assert.Equal(labels, read.SelectMany(entry => entry.Label));
        Assert.Equal(views, ids);
    }

    // Parquet.Net is another implementation than the one that writes (ParquetSharp: Arrow C++).
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Write_AnotherLibraryReads_HasTheDocumentedColumns(int top)
    {
        using var folder = TestFiles.CreateFolder();
        var (layout, views) = (Layout(top), Views(50));
        var labels = Labels(layout, views.Length);
        LabelFile.Write(folder.File("labels.parquet"), layout, views, labels);

        await using var file = File.OpenRead(folder.File("labels.parquet"));
        await using var reader = await ParquetReader.CreateAsync(file);
        using var rows = reader.OpenRowGroupReader(0);

        string[] names = top == 0 ? ["view_id", "teacher_id", "logits", "checksum"] : ["view_id", "teacher_id", "classes", "logits", "rest", "checksum"];
        Assert.Equal(names, reader.Schema.Fields.Select(field => field.Name));
        var (version, teacher) = (reader.CustomMetadata["kd.labels.version"], JsonDocument.Parse(reader.CustomMetadata["kd.labels.teacher"]).RootElement);
        Assert.Equal(("1", $"{top}", "the-teacher"), (version, reader.CustomMetadata["kd.labels.top"], teacher.GetProperty("teacherId").GetString()));
        Assert.Equal(Classes, teacher.GetProperty("classes").GetArrayLength());
        var ids = await ReadTextsAsync(reader, rows, "view_id", views.Length);
        Assert.Equal(views.Select(view => view.Value.ToString("x32", null)), ids);
        Assert.All(await ReadTextsAsync(reader, rows, "teacher_id", views.Length), id => Assert.Equal("the-teacher", id));
        var logits = await ReadAsync<float>(reader, rows, "logits", views.Length * layout.Values);
        var classes = top == 0 ? [] : await ReadAsync<int>(reader, rows, "classes", views.Length * top);
        var rest = top == 0 ? [] : await ReadAsync<float>(reader, rows, "rest", views.Length);
        var checksums = await ReadAsync<long>(reader, rows, "checksum", views.Length);
        for (var row = 0; row < views.Length; row++)
        {
            // The layout by hand: little-endian int32 classes, float16 logits, float16 rest.
            using var label = new MemoryStream();
            using var writer = new BinaryWriter(label);
            foreach (var one in classes.Skip(row * top).Take(top))
                writer.Write(one);
            foreach (var logit in logits.Skip(row * layout.Values).Take(layout.Values))
                writer.Write((Half)logit);
            if (top > 0)
                writer.Write((Half)rest[row]);
            Assert.Equal(labels[(row * layout.Size)..((row + 1) * layout.Size)], label.ToArray());
            Assert.Equal((long)XxHash3.HashToUInt64([.. Encoding.ASCII.GetBytes("the-teacher" + ids[row]), .. label.ToArray()]), checksums[row]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void ReadLabels_AnyByteChangedOrFileCut_GivesNoOtherLabels(int top)
    {
        using var folder = TestFiles.CreateFolder();
        var (path, layout, views) = (folder.File("labels.parquet"), Layout(top), Views(20));
        LabelFile.Write(path, layout, views, Labels(layout, views.Length));
        var (whole, right) = (File.ReadAllBytes(path), Read(path)!);
        var refused = 0;
        for (var at = 0; at < whole.Length; at += 7)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, damaged);
            if (Read(path) is { } labels)
                Assert.Equal(right, labels);
            else
                refused++;
        }

        // The rest are bytes that no label depends on, such as statistics.
        Assert.True(refused > whole.Length / 7 / 4, $"{refused} of {whole.Length / 7}");
        File.WriteAllBytes(path, whole[..^100]);
        Assert.Null(Read(path));

        static List<string>? Read(string path)
        {
            try
            {
                var labels = new List<string>();
                LabelReader.Read(path, reader => reader.ReadLabels((view, label) => labels.Add($"{view} {Convert.ToHexString(label)}")));
                return labels;
            }
            catch (TrainingException error)
            {
                Assert.Contains($"'{path}' cannot be read as a label shard", error.Message);
                return null;
            }
        }
    }

    [Fact]
    public void ReadLabels_OtherParquetFile_IsRefusedWithAdvice()
    {
        using var folder = TestFiles.CreateFolder();
        using (var file = new ParquetSharp.ParquetFileWriter(folder.File("other.parquet"), [new ParquetSharp.Column<int>("number")]))
            file.Close();

        var error = Assert.Throws<TrainingException>(() => LabelReader.Read(folder.File("other.parquet"), _ => { }));

        Assert.Contains("its metadata kd.labels.version is '', expected 1. If it is damaged, delete it, and run the command", error.Message);
    }

    internal static LabelLayout Layout(int top, string teacher = "the-teacher", int classes = Classes)
    {
        var description = new DescribeReply { TeacherId = teacher, Architecture = "resnet18" };
        description.Classes.AddRange(Enumerable.Range(0, classes).Select(one => $"class-{one}"));
        return new LabelLayout(description, top);
    }

    internal static ViewId[] Views(int count) =>
        [.. Enumerable.Range(0, count).Select(view => new ViewId(new UInt128(CounterRandom.Mix(1, (ulong)view), CounterRandom.Mix(2, (ulong)view))))];

    internal static byte[] Labels(LabelLayout layout, int count)
    {
        var random = new CounterRandom(7, 2);
        var labels = new byte[count * layout.Size];
        for (var row = 0; row < count; row++)
        {
            float[] logits = [.. Enumerable.Range(0, layout.Classes).Select(_ => (float)(Half)(8 * random.NextDouble() - 4))];
            layout.Encode(logits, labels.AsSpan(row * layout.Size, layout.Size));
        }

        return labels;
    }

    private static async Task<string?[]> ReadTextsAsync(ParquetReader reader, ParquetRowGroupReader rows, string name, int count)
    {
        var values = new string?[count];
        await rows.ReadAsync(FieldOf(reader, name), values.AsMemory());
        return values;
    }

    private static async Task<T[]> ReadAsync<T>(ParquetReader reader, ParquetRowGroupReader rows, string name, int count)
        where T : struct
    {
        var (values, present, positions) = (new T[count], new int[count], new int[count]);
        var field = FieldOf(reader, name);
        if (field.MaxRepetitionLevel == 0)
            await rows.ReadAsync(field, values.AsMemory());
        else
            await rows.ReadRawAsync(field, values.AsMemory(), present.AsMemory(), positions.AsMemory());
        return values;
    }

    private static DataField FieldOf(ParquetReader reader, string name) => reader.Schema.DataFields.Single(field => field.Path.FirstPart == name);
}
